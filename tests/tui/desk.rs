//! The support desk: an agent in the client, a visitor in another terminal.

use std::path::Path;

use crate::support::{cairn, until};
use crate::tui::World;
use crate::tui::picture::draw;
use crate::tui::terminal::{Pane, has_tmux};

const COLUMNS: u16 = 100;
const ROWS: u16 = 20;

impl World {
    /// Runs a command as the owner, and returns what it prints.
    fn run(&self, words: &[&str]) -> String {
        let profile = self.profile.to_str().unwrap();
        let output = cairn(&[&["--profile", profile], words].concat())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes the owner an agent of a queue. Returns the link for visitors.
    fn open_desk(&self) -> String {
        self.run(&["desk", "queue", "create", "pre-sale", "--seconds", "120"]);
        self.run(&[
            "desk", "agent", "add", "owner", "--queue", "pre-sale", "--name", "Olga",
        ]);
        self.run(&["desk", "canned", "set", "hello", "Hello, Olga here."]);
        let link = self.run(&["--json", "desk", "link", "pre-sale"]);
        let link: serde_json::Value = serde_json::from_str(&link).unwrap();
        link["link"].as_str().unwrap().to_owned()
    }
}

fn visit(folder: &Path, link: &str, name: &str, words: &str) -> Pane {
    let other = std::env::var("CAIRN_TEST_BINARY");
    let binary = other.unwrap_or_else(|_| env!("CARGO_BIN_EXE_cairn").to_owned());
    let token = folder.join(name);
    let command = format!(
        "env -u RUST_LOG '{binary}' visitor '{link}' '{words}' --name {name} --token-file '{}'",
        token.display()
    );
    Pane::run(&command, 100, 24)
}

/// The seconds that the first offer has left.
fn seconds(screen: &str) -> Option<u64> {
    let (before, _) = screen.split_once(" s Li: Do you ship")?;
    before.rsplit([' ', '│']).next()?.parse().ok()
}

#[tokio::test]
async fn a_visitor_asks_and_is_answered() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.configure("notify = \"osc9\"\n");
    let pane = world.start(COLUMNS, ROWS);
    pane.shows("The beginning of #team").await;
    assert!(!pane.screen().contains("Desk"), "the owner is no agent yet");
    let link = world.open_desk();
    pane.shows("Desk: off duty").await;
    pane.keys(&["F2"]);
    pane.shows("You are off duty").await;
    pane.keys(&["1"]);
    pane.shows("on duty, 0 of").await;
    pane.keys(&["Escape"]);
    pane.shows("Desk: on duty").await;

    let folder = world.profile.parent().unwrap();
    let visitor = visit(folder, &link, "Li", "Do you ship to Japan?");
    pane.shows(" s Li: Do you ship to Japan?").await;
    pane.shows("F3 accepts").await;
    let rung = "\u{1b}]9;cairn: Li asks in pre-sale: Do you ship to Japan?\u{7}\u{7}";
    pane.until("it rings", |_| {
        String::from_utf8_lossy(&pane.written()).contains(rung)
    })
    .await;
    let first = seconds(&pane.screen()).unwrap();
    pane.until("the seconds run down", |screen| {
        seconds(screen).is_some_and(|seconds| seconds < first)
    })
    .await;

    pane.keys(&["F3"]);
    pane.shows("?Li").await;
    pane.until("its messages are shown, by the visitor's name", |screen| {
        screen.contains("Do you ship to Japan?") && screen.contains(" Li\n")
    })
    .await;
    pane.type_text("Yes, within a week.");
    pane.keys(&["Enter"]);
    visitor.shows("Olga: Yes, within a week.").await;

    let _other = visit(folder, &link, "小梅", "请问运费是多少？");
    pane.keys(&["F2"]);
    pane.shows("请问运费是多少？").await;
    pane.shows("you: Yes, within a week.").await;
    draw(&pane.coloured_screen(), (COLUMNS, ROWS), "desk.svg");
    pane.keys(&["F4"]);
    pane.shows("Refused").await;

    pane.keys(&["n"]);
    pane.shows("For agents alone").await;
    pane.type_text("speaks Japanese");
    pane.keys(&["Enter"]);
    pane.shows("Noted").await;
    pane.keys(&["r"]);
    pane.shows("Hello, Olga here.").await;
    pane.keys(&["Enter"]);
    pane.shows("> Hello, Olga here.").await;
    pane.keys(&["Enter"]);
    visitor.shows("Olga: Hello, Olga here.").await;

    pane.keys(&["F2", "c"]);
    pane.shows("Enter closes").await;
    pane.type_text("shipping");
    pane.keys(&["Enter"]);
    pane.shows("on duty, 0 of").await;
    until("the visitor's inquiry is over", async || {
        visitor.has_ended()
    })
    .await;
    let listed = world.run(&["--json", "desk", "list", "pre-sale", "--state", "closed"]);
    assert!(listed.contains("\"tags\":[\"shipping\"]"), "{listed}");
    pane.keys(&["Escape"]);
    pane.until("the inquiry leaves the list", |screen| {
        !screen.contains("?Li")
    })
    .await;
}
