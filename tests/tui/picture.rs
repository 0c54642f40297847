//! Pictures of the documentation from the screen of the real client: `docs/chat.svg` of the README.
//! With `CAIRN_BLESS=1` they are written.

use std::fmt::Write as _;
use std::path::Path;

use cairn_client::{Account, Client};
use unicode_width::UnicodeWidthChar as _;

use crate::support::{cairn, invite};
use crate::tui::terminal::has_tmux;
use crate::tui::{World, save};

const COLUMNS: u16 = 96;
const ROWS: u16 = 28;

/// Pixels of a cell.
const CELL: (f64, f64) = (8.4, 18.0);

/// The style of a cell, from SGR sequences.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    colour: Option<u8>,
    background: Option<u8>,
    is_bold: bool,
    is_dim: bool,
    is_underlined: bool,
    is_reversed: bool,
}

const PALETTE: [&str; 8] = [
    "#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
];

/// A colour of the palette of 256: 16 that terminals choose, a cube of six steps, and greys.
fn hex(colour: u8) -> String {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |n: u8| STEPS[usize::from(n % 6)];
    match colour {
        0..16 => PALETTE[usize::from(colour % 8)].to_owned(),
        16..232 => {
            let n = colour - 16;
            let (red, green, blue) = (step(n / 36), step(n / 6), step(n));
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        232.. => {
            let level = 8 + 10 * (colour - 232);
            format!("#{level:02x}{level:02x}{level:02x}")
        }
    }
}

impl Style {
    fn apply(&mut self, codes: &str) {
        let mut codes = codes.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.is_bold = true,
                2 => self.is_dim = true,
                4 => self.is_underlined = true,
                7 => self.is_reversed = true,
                38 => self.colour = codes.nth(1),
                48 => self.background = codes.nth(1),
                39 => self.colour = None,
                49 => self.background = None,
                colour @ (30..=37 | 90..=97) => self.colour = Some(colour % 10),
                colour @ (40..=47 | 100..=107) => self.background = Some(colour % 10),
                _ => {}
            }
        }
    }
}

/// Draws a captured screen, and compares or writes the picture of the documentation.
pub(super) fn draw(screen: &str, (columns, rows): (u16, u16), name: &str) {
    let drawn = svg(screen, columns, rows);
    assert!(drawn.contains("font-weight"), "{drawn}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    if std::env::var_os("CAIRN_BLESS").is_some() {
        std::fs::write(path, drawn).unwrap();
    } else {
        assert!(
            path.exists(),
            "docs/{name} is missing: run this test with CAIRN_BLESS=1"
        );
    }
}

fn svg(screen: &str, columns: u16, rows: u16) -> String {
    let (width, height) = (f64::from(columns) * CELL.0, f64::from(rows) * CELL.1);
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
    let mut colour = style.colour.map_or_else(|| "#d8dee9".to_owned(), hex);
    let mut filled = |height: f64, colour: &str| {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" \
             fill=\"{colour}\"/>"
        );
    };
    if style.is_reversed {
        filled(CELL.1, &colour);
        "#20242c".clone_into(&mut colour);
    } else if let Some(background) = style.background {
        filled(CELL.1, &hex(background));
    }
    if text.chars().all(|c| c == '▀') {
        // Fonts leave gaps between half blocks.
        return filled(CELL.1 / 2.0, &colour);
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

/// Sends a picture of a harbour from a profile.
fn send_photo(profile: &Path) {
    let photo = image::RgbImage::from_fn(64, 30, |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let sea = 20 + (3 * x + 7 * y) % 17;
        let part = |value: i64| u8::try_from(value.clamp(0, 255)).unwrap();
        image::Rgb(match () {
            () if (x - 47).pow(2) + (y - 8).pow(2) < 24 => [250, 210, 90],
            () if y < 19 && y > 11 && (8..14).contains(&x) => [120, 60, 50],
            () if y < 19 => [part(70 + 6 * y), part(130 + 4 * y), 225],
            () => [part(sea), part(60 + sea), part(120 + sea)],
        })
    });
    let path = profile.join("harbour.png");
    photo.save(&path).unwrap();
    let (path, profile) = (path.to_str().unwrap(), profile.to_str().unwrap());
    let words = [
        "--profile",
        profile,
        "send",
        "#team",
        "港口的早晨",
        "--file",
        path,
        "--preview",
        path,
    ];
    assert!(cairn(&words).status().unwrap().success());
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
    let (mei, mei_account) = invite(&owner, "小梅").await;
    let folder = world.profile.parent().unwrap().join("mei");
    save(&folder, &mei_account);
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
    send_photo(&folder);
    let direct = world.direct().await;
    world.bob.conversation(direct).send("lunch?").await.unwrap();

    let pane = world.start(COLUMNS, ROWS);
    pane.shows("启动速度快了一倍").await;
    pane.shows("▀▀▀").await;
    pane.type_text("Great work, both of you. Shipping it now, 辛苦了");
    pane.keys(&["Enter"]);
    pane.shows("辛苦了").await;
    pane.type_text("next: ");
    pane.shows("stored").await;
    pane.shows("3 members").await;
    let screen = pane.coloured_screen();
    assert!(screen.contains("启动速度快了一倍"), "{screen}");
    draw(&screen, (COLUMNS, ROWS), "chat.svg");
}
