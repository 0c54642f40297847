//! Servers that die, starts without one, and the terminal after the client.

use std::path::Path;
use std::process::Command;

use crate::support::until;
use crate::tui::World;
use crate::tui::terminal::has_tmux;

#[tokio::test]
async fn the_server_dies_while_one_types() {
    if !has_tmux() {
        return;
    }
    let mut world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    pane.type_text("before and ");
    world.server.kill();
    pane.type_text("after 之后");
    pane.keys(&["Enter"]);
    pane.until("the message waits", |screen| {
        screen.contains("before and after 之后  queued")
            || screen.contains("before and after 之后  sent")
    })
    .await;
    pane.shows("offline").await;
    world.server.restart();
    pane.shows("before and after 之后  stored").await;
    pane.until("the connection is silent again", |screen| {
        !screen.contains("offline")
    })
    .await;
    let texts = world.texts().await;
    assert_eq!(texts, ["before and after 之后"]);
}

#[tokio::test]
async fn it_starts_offline_and_sends_later() {
    if !has_tmux() {
        return;
    }
    let mut world = World::new().await;
    world.say("seen before").await;
    let pane = world.start(100, 24);
    pane.shows("seen before").await;
    pane.type_text("a draft 草稿");
    pane.keys(&["C-q"]);
    until("the client ends", async || pane.has_ended()).await;
    world.server.kill();

    let pane = world.start(100, 24);
    pane.shows("seen before").await;
    pane.shows("> a draft 草稿").await;
    pane.keys(&["Enter"]);
    pane.shows("queued").await;
    pane.keys(&["C-q"]);
    until("the client ends", async || pane.has_ended()).await;

    world.server.restart();
    let pane = world.start(100, 24);
    pane.shows("a draft 草稿  stored").await;
    assert_eq!(world.texts().await, ["seen before", "a draft 草稿"]);
}

#[tokio::test]
async fn damage_of_the_cache_is_told() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    std::fs::write(world.profile.join("cache.redb"), [7; 4096]).unwrap();
    let pane = world.start(100, 24);
    pane.shows("The cache was damaged").await;
    pane.shows("The beginning of #team").await;
}

#[tokio::test]
async fn the_terminal_is_restored() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    assert!(pane.is_alternate());
    let process = pane.process();
    let signal = |name: &str| {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status();
        assert!(sent.unwrap().success());
    };
    // tmux continues a stopped program by itself.
    signal("TSTP");
    pane.until("it leaves its screen and comes back", |_| {
        let written = String::from_utf8_lossy(&pane.written()).into_owned();
        let left = written.find("\u{1b}[?1049l");
        left.is_some_and(|at| written[at..].contains("\u{1b}[?1049h"))
    })
    .await;
    pane.shows("The beginning of #team").await;
    pane.type_text("still here");
    pane.shows("> still here").await;
    signal("TERM");
    until("it ends", async || pane.has_ended()).await;
    let written = String::from_utf8_lossy(&pane.written()).into_owned();
    let (_, end) = written
        .rsplit_once("\u{1b}[?1049l")
        .expect("the screen is left");
    assert!(end.contains("\u{1b}[?25h"), "the cursor is shown: {end:?}");
    for mode in ["?2004l", "?1004l", "?1000l"] {
        assert!(written.contains(mode), "{mode} is written");
    }
}

#[tokio::test]
async fn a_closed_terminal_ends_the_client() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(100, 24);
    pane.shows("The beginning of #team").await;
    pane.type_text("kept 留下");
    pane.shows("> kept 留下").await;
    let process = Path::new("/proc").join(pane.process());
    assert!(process.exists());
    pane.close();
    until("the client ends", async || !process.exists()).await;

    let pane = world.start(100, 24);
    pane.shows("> kept 留下").await;
}
