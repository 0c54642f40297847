//! Writing and reading.

use std::path::Path;

use crate::support::until;
use crate::tui::World;
use crate::tui::terminal::{Pane, has_tmux};

#[tokio::test]
async fn chinese_is_written_edited_and_read() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    pane.type_text("你好，大家！");
    pane.shows("> 你好，大家！").await;
    pane.keys(&["Enter"]);
    pane.shows("你好，大家！  stored").await;
    assert_eq!(world.texts().await, ["你好，大家！"]);

    world.say("**欢迎** @owner :tada:").await;
    pane.shows("欢迎 @owner 🎉").await;

    pane.keys(&["Up", "Up", "e"]);
    pane.shows("Editing").await;
    pane.type_text("晚上见");
    pane.keys(&["Enter"]);
    pane.shows("你好，大家！晚上见  (edited)").await;
    until("the edit is stored", async || {
        world
            .texts()
            .await
            .contains(&"你好，大家！晚上见".to_owned())
    })
    .await;
    pane.keys(&["C-q"]);
    until("the client ends", async || pane.has_ended()).await;
}

#[tokio::test]
async fn conversations_are_switched_by_name_and_by_unread() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    pane.type_text("a draft");
    let direct = world.direct().await;
    world
        .bob
        .conversation(direct)
        .send("just us")
        .await
        .unwrap();
    pane.shows("@bob                    1").await;
    pane.until("the title counts", |_| {
        pane.title().starts_with("(1) #team")
    })
    .await;
    pane.keys(&["M-a"]);
    pane.shows("just us").await;
    pane.shows("draft").await;
    pane.until("the list marks it read", |screen| {
        !screen.contains("@bob                    1")
    })
    .await;
    pane.keys(&["C-k"]);
    pane.shows("Go to:").await;
    pane.type_text("tea");
    pane.shows("> #team").await;
    pane.keys(&["Enter"]);
    pane.shows("> a draft").await;
}

#[tokio::test]
async fn commands_run_in_a_pane() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    pane.type_text("/group topic . 'ship it'");
    pane.keys(&["Enter"]);
    pane.shows("#team - ship it").await;
    pane.keys(&["Escape"]);
    pane.until("the pane closes", |screen| {
        screen.contains("set the topic: ship it")
    })
    .await;
    pane.type_text("/serve");
    pane.keys(&["Enter"]);
    pane.shows("/serve does not run here").await;
    pane.keys(&["C-c"]);
    pane.type_text("/frobnicate");
    pane.keys(&["Enter"]);
    pane.shows("there is no command frobnicate").await;
}

#[tokio::test]
async fn messages_are_found_and_visited() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.say("今天的会议改到三点").await;
    for n in 1..=60 {
        world.say(&format!("filler {n}")).await;
    }
    let pane = world.start(100, 24);
    pane.shows("filler").await;
    pane.keys(&["M-End"]);
    pane.shows("filler 60").await;
    pane.keys(&["C-f"]);
    pane.shows("Search:").await;
    pane.type_text("会议");
    pane.keys(&["Enter"]);
    pane.shows("1 message; Enter goes there").await;
    pane.keys(&["Enter"]);
    pane.until("the message is shown in its place", |screen| {
        screen.contains("今天的会议改到三点") && screen.contains("filler 1")
    })
    .await;
    pane.keys(&["C-o"]);
    pane.shows("filler 60").await;
}

#[tokio::test]
async fn files_are_sent_by_their_path() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    std::fs::write(world.profile.join("notes.txt"), "five\n").unwrap();
    let pane = world.start(120, 24);
    pane.shows("The beginning of #team").await;
    pane.type_text(&format!("/send {}/no", world.profile.display()));
    pane.keys(&["Tab"]);
    pane.shows("notes.txt").await;
    pane.keys(&["Enter"]);
    pane.shows("notes.txt 5 B]").await;
    pane.shows("stored").await;
    pane.keys(&["Up", "e"]);
    pane.shows("Editing").await;
    pane.type_text("the plan 计划");
    pane.keys(&["Enter"]);
    pane.shows("the plan 计划  (edited)").await;
}

#[tokio::test]
async fn files_wait_fail_and_are_sent_again() {
    if !has_tmux() {
        return;
    }
    let mut world = World::new().await;
    let path = world.profile.join("notes.txt");
    std::fs::write(&path, "five\n").unwrap();
    let pane = world.start(120, 24);
    pane.shows("The beginning of #team").await;
    world.server.kill();
    pane.shows("offline").await;
    pane.type_text(&format!("/send {}", path.display()));
    pane.keys(&["Enter"]);
    pane.shows("notes.txt 5 B]").await;
    pane.keys(&["F5"]);
    pane.shows("queued  notes.txt to #team, 5 B  cancel").await;
    std::fs::remove_file(&path).unwrap();
    world.server.restart();
    pane.shows("not sent  notes.txt to #team: there is no such file")
        .await;
    std::fs::write(&path, "five\n").unwrap();
    pane.keys(&["Enter"]);
    pane.until("it is on its way, and leaves the list", |screen| {
        screen.contains("Files:") && !screen.contains("notes.txt to #team")
    })
    .await;
    pane.keys(&["Escape"]);
    pane.shows("stored").await;
}

#[tokio::test]
async fn pasted_lines_are_one_message() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    pane.paste("one\ntwo 三\n\tfour");
    pane.shows("two 三").await;
    assert_eq!(world.texts().await, [""; 0]);
    pane.keys(&["Enter"]);
    pane.shows("stored").await;
    assert_eq!(world.texts().await, ["one\ntwo 三\n\tfour"]);
}

#[tokio::test]
async fn history_scrolls_back_to_its_beginning() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let team = world.bob.conversation(world.team);
    let mut last = None;
    for n in 1..=10_000 {
        last = Some(team.enqueue(format!("message {n}")).await.unwrap());
    }
    last.unwrap().await.unwrap();
    let pane = world.start(80, 24);
    pane.shows("10000 new messages").await;
    pane.shows("message 1").await;
    pane.keys(&["M-End"]);
    pane.shows("message 10000").await;
    pane.keys(&["M-g"]);
    pane.shows("Go to message").await;
    pane.type_text("5002");
    pane.keys(&["Enter"]);
    pane.shows("message 5000").await;
    pane.keys(&["C-o"]);
    pane.shows("message 10000").await;
    pane.keys(&["C-Home"]);
    pane.shows("The beginning of #team").await;
}

#[tokio::test]
async fn small_and_resized_terminals_work() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(40, 12);
    pane.shows("The beginning of #team").await;
    world.say("fits 也可以").await;
    pane.shows("fits 也可以").await;
    pane.resize(120, 40);
    pane.until("the list appears", |screen| {
        screen
            .lines()
            .next()
            .is_some_and(|line| line.contains("#team") && line.contains("2 members"))
    })
    .await;
    pane.type_text("hi");
    pane.until("the caret follows", |_| pane.cursor() == (27 + 2 + 2, 39))
        .await;
}

#[tokio::test]
async fn cairn_alone_opens_the_client() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let binary = env!("CARGO_BIN_EXE_cairn");
    let profile = Path::new(&world.profile).display();
    let pane = Pane::run(
        &format!("env CAIRN_PROFILE='{profile}' '{binary}'"),
        100,
        24,
    );
    pane.shows("The beginning of #team").await;
}
