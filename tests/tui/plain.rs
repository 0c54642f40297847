//! `cairn chat --plain`: each message is a line, once and in order.

use crate::support::until;
use crate::tui::World;
use crate::tui::terminal::{Pane, chat, has_tmux};

#[tokio::test]
async fn plain_lines_are_spoken_once() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = Pane::run(&chat(&world.profile, "'#team' --plain"), 100, 24);
    pane.shows("in #team").await;
    world.say("hello **there**").await;
    pane.shows("bob: hello **there**").await;
    assert!(!pane.is_alternate());
    pane.type_text("fine, thanks");
    pane.keys(&["Enter"]);
    until("it is sent", async || {
        world.texts().await.contains(&"fine, thanks".to_owned())
    })
    .await;
    pane.shows("owner: fine, thanks").await;
    assert_eq!(pane.screen().matches("hello **there**").count(), 1);
    pane.type_text("/quit");
    pane.keys(&["Enter"]);
    until("the client ends", async || pane.has_ended()).await;
}

#[tokio::test]
async fn unread_lines_follow_some_read_ones_after_a_stored_start() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    for n in 1..=20 {
        world.say(&format!("old {n}")).await;
    }
    let pane = world.start(100, 40);
    pane.shows("old 20").await;
    pane.until("they are read", |_| !pane.title().starts_with('('))
        .await;
    pane.keys(&["C-q"]);
    until("the client ends", async || pane.has_ended()).await;
    for n in 1..=300 {
        world.say(&format!("new {n}")).await;
    }

    let pane = Pane::run(&chat(&world.profile, "'#team' --plain"), 100, 24);
    pane.shows("new 300").await;
    world.say("the end").await;
    pane.shows("the end").await;
    let written = String::from_utf8_lossy(&pane.written()).into_owned();
    let spoken = written
        .lines()
        .filter_map(|line| line.split("bob: ").nth(1));
    let spoken: Vec<&str> = spoken.map(str::trim_end).collect();
    let first = spoken.first().copied().unwrap_or_default();
    let begins_before = match first.strip_prefix("old ") {
        Some(number) => number.parse::<u32>().is_ok_and(|number| number > 10),
        // The server already had more than are printed.
        None => first == "new 101",
    };
    assert!(begins_before, "{spoken:?}");
    let new: Vec<&str> = spoken
        .iter()
        .copied()
        .filter(|text| text.starts_with("new "))
        .collect();
    let start = 301 - new.len();
    let expected: Vec<String> = (start..=300).map(|n| format!("new {n}")).collect();
    assert_eq!(new, expected, "each once, without a gap");
    assert_eq!(spoken.last(), Some(&"the end"));
}
