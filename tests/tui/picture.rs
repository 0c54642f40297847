//! The picture of the README, `docs/chat.svg`, from the screen of the real client. With
//! `CAIRN_BLESS=1` it is written.

use std::fmt::Write as _;
use std::path::Path;

use cairn_client::{Account, Client};
use unicode_width::UnicodeWidthChar as _;

use crate::support::invite;
use crate::tui::World;
use crate::tui::terminal::has_tmux;

const COLUMNS: u16 = 96;
const ROWS: u16 = 24;

/// Pixels of a cell.
const CELL: (f64, f64) = (8.4, 18.0);

/// The style of a cell, from SGR sequences.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    colour: Option<&'static str>,
    is_bold: bool,
    is_dim: bool,
    is_underlined: bool,
    is_reversed: bool,
}

const PALETTE: [&str; 8] = [
    "#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
];

impl Style {
    fn apply(&mut self, codes: &str) {
        let mut codes = codes
            .split(';')
            .map(|code| code.parse::<usize>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.is_bold = true,
                2 => self.is_dim = true,
                4 => self.is_underlined = true,
                7 => self.is_reversed = true,
                // The palette of 256 begins with the 16 colours.
                38 => {
                    let number = codes.nth(1).unwrap_or(0);
                    self.colour = Some(PALETTE[number % 8]);
                }
                39 => self.colour = None,
                colour @ (30..=37 | 90..=97) => self.colour = Some(PALETTE[colour % 10]),
                _ => {}
            }
        }
    }
}

/// Draws a captured screen.
fn svg(screen: &str) -> String {
    let (width, height) = (f64::from(COLUMNS) * CELL.0, f64::from(ROWS) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#20242c\"/>\n",
        width + 24.0,
        height + 20.0
    );
    for (row, line) in screen.lines().enumerate() {
        let y = 12.0 + CELL.1 * f64::from(u16::try_from(row).unwrap());
        draw_line(line, y, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn draw_line(line: &str, y: f64, out: &mut String) {
    let mut style = Style::default();
    let mut column = 0_u16;
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(codes) = rest.strip_prefix("\u{1b}[") {
            let (codes, after) = codes.split_once('m').unwrap();
            style.apply(codes);
            rest = after;
            continue;
        }
        let end = rest.find('\u{1b}').unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        let columns: usize = text.chars().map(|c| c.width().unwrap_or(0)).sum();
        let columns = u16::try_from(columns).unwrap();
        draw_text(
            text,
            style,
            (12.0 + CELL.0 * f64::from(column), y),
            columns,
            out,
        );
        column += columns;
    }
}

fn draw_text(text: &str, style: Style, (x, y): (f64, f64), columns: u16, out: &mut String) {
    let width = CELL.0 * f64::from(columns);
    let mut colour = style.colour.unwrap_or("#d8dee9");
    if style.is_reversed {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"18\" \
             fill=\"{colour}\"/>"
        );
        colour = "#20242c";
    }
    if text.trim().is_empty() {
        return;
    }
    let mut attributes = String::new();
    if style.is_bold {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if style.is_dim {
        attributes.push_str(" opacity=\"0.6\"");
    }
    if style.is_underlined {
        attributes.push_str(" text-decoration=\"underline\"");
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{colour}\" textLength=\"{width:.1}\" \
         lengthAdjust=\"spacing\" xml:space=\"preserve\"{attributes}>{text}</text>",
        y + 13.5
    );
}

#[tokio::test]
async fn picture_shows_the_client() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let json = std::fs::read(world.profile.join("profile.json")).unwrap();
    let account: Account = serde_json::from_slice(&json).unwrap();
    let owner = Client::builder().connect(&account).await.unwrap();
    let (mei, _) = invite(&owner, "小梅").await;
    let team = owner.conversation(world.team);
    team.add_members(vec![mei.whoami().user]).await.unwrap();
    team.set_topic("release 2.4 on Friday".parse().unwrap())
        .await
        .unwrap();
    let builds = owner
        .conversations()
        .create_group("builds".parse().unwrap(), Vec::new());
    builds.await.unwrap();
    owner.close().await;
    world
        .say("The release notes are **done**: https://example.org/notes")
        .await;
    world
        .say("- faster start\n- `cairn chat` works offline")
        .await;
    let here = mei.conversation(world.team);
    let asked = here
        .send("太好了！启动速度快了一倍，大家可以试试 :tada:")
        .await
        .unwrap();
    world
        .bob
        .conversation(world.team)
        .react(asked, "+1".parse().unwrap())
        .await
        .unwrap();
    let direct = world
        .bob
        .people()
        .find("owner".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let direct = world.bob.conversations().direct(direct.id).unwrap();
    world.bob.conversation(direct).send("lunch?").await.unwrap();

    let pane = world.start(COLUMNS, ROWS);
    pane.shows("启动速度快了一倍").await;
    pane.type_text("Great work, both of you. Shipping it now, 辛苦了");
    pane.keys(&["Enter"]);
    pane.shows("辛苦了").await;
    pane.type_text("next: ");
    pane.shows("stored").await;
    pane.shows("3 members").await;
    let drawn = svg(&pane.coloured_screen());
    assert!(
        drawn.contains("启动速度快了一倍") && drawn.contains("font-weight"),
        "{drawn}"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/chat.svg");
    if std::env::var_os("CAIRN_BLESS").is_some() {
        std::fs::write(path, drawn).unwrap();
    } else {
        assert!(
            path.exists(),
            "docs/chat.svg is missing: run this test with CAIRN_BLESS=1"
        );
    }
}
