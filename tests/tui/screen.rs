//! What is written to the terminal besides text: colours, links, pictures, the clipboard.

use crate::support::cairn;
use crate::tui::World;
use crate::tui::terminal::{Pane, chat, has_tmux};

/// Parameters of all SGR sequences.
fn styles(written: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(written).into_owned();
    let sequences = text.split("\u{1b}[").skip(1);
    let parameters = sequences.filter_map(|rest| {
        let (parameters, _) = rest.split_once('m')?;
        let is_style = parameters.bytes().all(|b| b.is_ascii_digit() || b == b';');
        is_style.then(|| parameters.split(';').filter_map(|part| part.parse().ok()))
    });
    parameters.flatten().collect()
}

fn has_colour(written: &[u8]) -> bool {
    let is_colour = |style: &u32| matches!(style, 30..=38 | 40..=48 | 90..=107);
    styles(written).iter().any(is_colour)
}

#[tokio::test]
async fn no_color_turns_colours_off() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.say("**bold** and `code` for @owner").await;
    let command = chat(&world.profile, "'#team'");
    let pane = Pane::run(&format!("env NO_COLOR=1 {command}"), 100, 24);
    pane.shows("bold and code").await;
    assert!(
        !has_colour(&pane.written()),
        "{:?}",
        styles(&pane.written())
    );
    assert!(styles(&pane.written()).contains(&1), "bold stays");
    let pane = Pane::run(&command, 100, 24);
    pane.shows("bold and code").await;
    assert!(has_colour(&pane.written()), "the control");
}

#[tokio::test]
async fn addresses_are_links_where_the_terminal_has_them() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.say("see https://example.org/路 now").await;
    let link = "https://example.org/%E8%B7%AF\u{1b}\\";
    for (links, has_links) in [("always", true), ("never", false)] {
        world.configure(&format!("links = \"{links}\"\n"));
        let pane = world.start(100, 24);
        pane.shows("example.org/路").await;
        let written = String::from_utf8_lossy(&pane.written()).into_owned();
        assert_eq!(written.contains(link), has_links, "{links}");
        assert_eq!(written.contains("\u{1b}]8;"), has_links, "{links}");
    }
}

#[tokio::test]
async fn messages_are_copied_to_the_clipboard() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.say("复制").await;
    let pane = world.start(100, 24);
    pane.shows("复制").await;
    pane.keys(&["Up", "y"]);
    pane.shows("Copied").await;
    let written = String::from_utf8_lossy(&pane.written()).into_owned();
    assert!(written.contains("\u{1b}]52;c;5aSN5Yi2\u{7}"));
}

#[tokio::test]
async fn previews_are_drawn_and_never_spoken() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let picture = world.profile.join("red.png");
    let red = image::RgbImage::from_pixel(8, 8, image::Rgb([255, 0, 0]));
    red.save(&picture).unwrap();
    let path = picture.to_str().unwrap();
    let other = world.other_profile.to_str().unwrap();
    let sent = cairn(&[
        "--profile",
        other,
        "send",
        "#team",
        "a red one",
        "--file",
        path,
        "--preview",
        path,
    ])
    .status();
    assert!(sent.unwrap().success());
    let pane = world.start(100, 24);
    pane.shows("▀▀▀▀▀▀").await;
    pane.shows("a red one").await;
    let pane = Pane::run(&chat(&world.profile, "'#team' --plain"), 100, 24);
    pane.shows("a red one").await;
    let written = String::from_utf8_lossy(&pane.written()).into_owned();
    assert!(!written.contains('▀'), "{written}");
}

#[tokio::test]
async fn two_profiles_run_side_by_side() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let owner = world.start(100, 24);
    let bob = Pane::run(&chat(&world.other_profile, "'#team'"), 100, 24);
    owner.shows("The beginning of #team").await;
    bob.shows("The beginning of #team").await;
    owner.type_text("from one 一");
    owner.keys(&["Enter"]);
    bob.shows("from one 一").await;
    bob.type_text("to the other 二");
    bob.keys(&["Enter"]);
    owner.shows("to the other 二").await;
}
