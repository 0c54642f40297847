//! Frames at three sizes, in English and Chinese, compared with the files in `snapshots/`. With
//! `CAIRN_BLESS=1` they are written.

mod cards;
mod desk;

use std::fmt::Write as _;
use std::path::PathBuf;

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::{Caption, EmojiName};
use cairn_proto::wire::error::ErrorCode;
use cairn_session::{
    Failure, LinkFault, LinkView, LocalId, Outgoing, Pending, Row, RowKey, SendState, What,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::tui::app::model::state::State;
use crate::tui::app::msg::Msg;
use crate::tui::app::testing::{
    TEAM, beginning, continued, direct, entry, group, media, minutes, open, press, row, said, text,
    type_text, window, world,
};
use crate::tui::app::update::update;
use crate::tui::draw::paint;

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (120, 40)];

/// The frame as text, and the place of the caret.
fn frame(state: &State) -> String {
    let area = Rect::new(0, 0, state.columns, state.rows);
    let mut buffer = Buffer::empty(area);
    let caret = paint(state, &mut buffer).caret;
    let mut out = String::new();
    for y in area.rows().map(|row| row.y) {
        let mut line = String::new();
        let mut x = 0;
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            let width = u16::try_from(symbol.width()).unwrap().max(1);
            for covered in 1..width {
                assert_eq!(
                    buffer[(x + covered, y)].symbol(),
                    " ",
                    "a wide character is covered"
                );
            }
            x += width;
        }
        assert_eq!(x, area.width, "a wide character leaves the screen: {line}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let _ = writeln!(out, "caret {},{}", caret.x, caret.y);
    out
}

fn compare(name: &str, frame: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/tui/draw/snapshots");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("CAIRN_BLESS").is_some() {
        std::fs::write(&path, frame).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        frame, expected,
        "{name}: look at the frame, then run with CAIRN_BLESS=1"
    );
}

fn check(name: &str, make: impl Fn(u16, u16) -> State) {
    for (columns, rows) in SIZES {
        compare(
            &format!("{name}-{columns}x{rows}"),
            &frame(&make(columns, rows)),
        );
    }
}

fn reactions(emoji: &[(&str, &[u32])]) -> Extras {
    let reactions = emoji.iter().map(|(name, users)| Reaction {
        emoji: EmojiName::new(*name).unwrap(),
        users: users.iter().copied().map(UserId::new).collect(),
    });
    Extras::new(vec![Extra::Reactions(reactions.collect())]).unwrap()
}

fn picture(caption: &str, preview: &'static [u8]) -> Body {
    let mut media = media(1600, 900, bytes::Bytes::from_static(preview));
    media.file.caption = Caption::new(caption).unwrap();
    Body::from(media)
}

fn english() -> Vec<Row> {
    let reply = Extras::reply_to(MsgId::new(2));
    let mention = Extras::new(vec![Extra::Mention(UserId::new(1))]).unwrap();
    let mut rows = beginning();
    rows.extend([
        said(
            2,
            2,
            "The release is **out**, notes at https://example.org/notes",
        ),
        continued(said(
            3,
            2,
            "- faster start\n- fewer crashes\n  - on old disks too",
        )),
        row(4, entry(3, 4, text("nice work, @ada"), &mention)),
        Row {
            key: RowKey::Unread,
            what: What::Unread { count: 3 },
        },
        row(
            5,
            entry(
                2,
                5,
                picture("the harbour at noon", b""),
                &reactions(&[("+1", &[1, 3])]),
            ),
        ),
        row(
            6,
            entry(1, 6, text("thank you both! `cairn chat` next?"), &reply),
        ),
    ]);
    rows
}

fn chinese() -> Vec<Row> {
    let mut rows = beginning();
    rows.extend([
        said(
            2,
            2,
            "新版本已经发布了，大家可以开始测试（特别是旧磁盘上的启动速度）。",
        ),
        continued(said(3, 2, "> 下周一之前请不要升级服务器\n好的👍🏽")),
        row(
            4,
            entry(
                3,
                4,
                text("辛苦了！😀👩\u{200d}👩\u{200d}👧"),
                &reactions(&[("tada", &[2])]),
            ),
        ),
        Row {
            key: RowKey::Unread,
            what: What::Unread { count: 1 },
        },
        said(5, 1, "谢谢大家，晚上七点老地方见？"),
    ]);
    rows
}

fn in_chinese(columns: u16, rows: u16) -> State {
    let mut state = open(columns, rows, Vec::new());
    let mut list = vec![group(5, "产品讨论"), direct(6, 2, "小明"), group(7, "构建")];
    list[1].unread.messages = 12;
    list[2].unread.mentions = 2;
    let names = ["艾达", "小明", "李雷", "韩梅梅"];
    let world = world(names, list, window(chinese()));
    update(&mut state, Msg::World(Box::new(world)));
    state
}

#[test]
fn timeline_in_english() {
    check("english", |columns, rows| open(columns, rows, english()));
}

#[test]
fn timeline_in_chinese() {
    check("chinese", |columns, rows| {
        let mut state = in_chinese(columns, rows);
        type_text(&mut state, "我带相机，");
        state
    });
}

#[test]
fn own_messages_show_how_far_they_got() {
    check("states", |columns, rows| {
        let pending = |id, state| Row {
            key: RowKey::Mine(LocalId::new(id)),
            what: What::Mine(Pending {
                id: LocalId::new(id),
                conversation: TEAM,
                written_at: minutes(9),
                what: Outgoing::Message {
                    body: text("see you there"),
                    extras: Extras::NONE,
                },
                state,
            }),
        };
        let messages = vec![
            said(6, 1, "done"),
            pending(7, SendState::Failed(Failure::Refused(ErrorCode::Muted))),
            pending(8, SendState::Unknown(cairn_session::Doubt::TooOld)),
            pending(9, SendState::Queued),
        ];
        let mut state = open(columns, rows, messages);
        state.world.link = LinkView::Offline {
            since: minutes(1),
            again_at: None,
            why: LinkFault::Unreachable,
        };
        state
    });
}

#[test]
fn selection_and_reply() {
    check("reply", |columns, rows| {
        let mut state = open(columns, rows, english());
        press(&mut state, "up");
        press(&mut state, "up");
        press(&mut state, "r");
        type_text(&mut state, "one\ntwo");
        state
    });
    check("selected", |columns, rows| {
        let mut state = open(columns, rows, english());
        press(&mut state, "up");
        press(&mut state, "up");
        state
    });
}

#[test]
fn panes_and_pickers() {
    check("help", |columns, rows| {
        let mut state = open(columns, rows, english());
        press(&mut state, "f1");
        state
    });
    check("emoji", |columns, rows| {
        let mut state = in_chinese(columns, rows);
        press(&mut state, "up");
        press(&mut state, "plus");
        type_text(&mut state, "sm");
        state
    });
}

#[test]
fn any_size_can_be_drawn() {
    for columns in 1..90 {
        for rows in [1, 2, 3, 5, 8, 24] {
            let mut state = in_chinese(columns, rows);
            type_text(&mut state, "你好，世界 hello\n👩\u{200d}👧");
            frame(&state);
            press(&mut state, "f1");
            frame(&state);
            press(&mut state, "esc");
            press(&mut state, "ctrl+k");
            frame(&state);
        }
    }
}

#[test]
fn wide_terminals_get_every_wide_cell() {
    let mut state = in_chinese(80, 24);
    state.settings.ambiguous = crate::tui::text::width::Ambiguous::Wide;
    type_text(&mut state, "①…");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    let caret = paint(&state, &mut buffer).caret;
    // The list and its separator, the prompt, two characters of two columns.
    assert_eq!(caret.x, 27 + 2 + 4);
}
