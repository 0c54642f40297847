//! What others do: reading on another device, notifications, typing.

use cairn_client::{Client, MsgId};

use crate::support::invite;
use crate::tui::World;
use crate::tui::terminal::has_tmux;

/// The row of the list for bob, with one unread message.
const UNREAD: &str = "@bob                    1";

#[tokio::test]
async fn reading_elsewhere_clears_the_count() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    let direct = world.direct().await;
    let here = world.bob.conversation(direct);
    here.send("just us").await.unwrap();
    pane.shows(UNREAD).await;
    let elsewhere = Client::builder().connect(&world.account).await.unwrap();
    let read = elsewhere.conversation(direct).mark_read(MsgId::new(1));
    read.await.unwrap();
    pane.until("the count is gone from list and title", |screen| {
        !screen.contains(UNREAD) && pane.title().starts_with("#team")
    })
    .await;
}

#[tokio::test]
async fn the_divider_stays_while_one_reads() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    for n in 1..=30 {
        world.say(&format!("message {n}")).await;
    }
    let pane = world.start(100, 24);
    pane.shows("30 new messages").await;
    pane.shows("message 1").await;
    pane.keys(&["M-End"]);
    pane.until("all are read", |screen| {
        screen.contains("message 30") && !pane.title().starts_with('(')
    })
    .await;
    world.say("one more").await;
    pane.shows("one more").await;
    pane.keys(&["M-u"]);
    pane.shows("30 new messages").await;
}

#[tokio::test]
async fn notifications_follow_the_level_of_a_conversation() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.configure("notify = \"osc9\"\n");
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    let written = || String::from_utf8_lossy(&pane.written()).into_owned();
    let direct = world.direct().await;
    let here = world.bob.conversation(direct);
    here.send("hello you").await.unwrap();
    pane.until("the terminal notifies", |_| {
        written().contains("\u{1b}]9;cairn: bob: hello you\u{7}")
    })
    .await;

    pane.type_text("/set @bob --notify nothing");
    pane.keys(&["Enter"]);
    pane.shows("(1)").await;
    here.send("quietly").await.unwrap();
    pane.shows("(2)").await;
    let owner = world.account.user;
    let other = world
        .bob
        .conversations()
        .create_group("other".parse().unwrap(), vec![owner]);
    let other = world.bob.conversation(other.await.unwrap());
    other
        .enqueue_mentioning("@owner look")
        .await
        .unwrap()
        .await
        .unwrap();
    pane.until("the mention notifies", |_| {
        written().contains("\u{1b}]9;cairn: bob mentioned you in #other: @owner look\u{7}")
    })
    .await;
    assert!(!written().contains("quietly\u{7}"), "muted ones do not");

    // By name, also who is not on the screen.
    let elsewhere = Client::builder().connect(&world.account).await.unwrap();
    let (carol, _) = invite(&elsewhere, "carol").await;
    let third = carol.conversations();
    let third = third.create_group("third".parse().unwrap(), vec![owner]);
    let third = carol.conversation(third.await.unwrap());
    third.send("who is this?").await.unwrap();
    pane.until("the group of a third user notifies", |_| {
        written().contains("\u{1b}]9;cairn: carol in #third: who is this?\u{7}")
    })
    .await;
}

#[tokio::test]
async fn typing_shows_in_the_list_and_the_bar() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    let team = world.bob.conversation(world.team);
    team.focus().await.unwrap();
    pane.until("the indicator comes", |screen| {
        team.typing();
        let list = screen.lines().next().unwrap_or_default();
        screen.contains("bob is typing") && list.contains("...")
    })
    .await;
    world.say("done").await;
    pane.until("and goes with the message", |screen| {
        screen.contains("done") && !screen.contains("is typing")
    })
    .await;
}
