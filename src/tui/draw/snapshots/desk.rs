//! The support desk and files on their way.

use std::sync::Arc;

use cairn_session::{DraftFile, Failure, FileFault, LocalId, Outgoing, Pending, SendState};

use super::{check, english, in_chinese};
use crate::tui::app::testing::desk::{CHINESE, ENGLISH, with_desk};
use crate::tui::app::testing::{TEAM, minutes, open, press, type_text};

#[test]
fn the_support_desk() {
    check("desk", |columns, rows| {
        let mut state = with_desk(open(columns, rows, english()), &ENGLISH);
        press(&mut state, "f2");
        press(&mut state, "down");
        state
    });
    check("desk-chinese", |columns, rows| {
        let mut state = with_desk(in_chinese(columns, rows), &CHINESE);
        press(&mut state, "f2");
        state
    });
}

#[test]
fn an_offer_while_one_writes() {
    check("offer", |columns, rows| {
        let mut state = with_desk(open(columns, rows, english()), &ENGLISH);
        type_text(&mut state, "yes, and");
        state
    });
    check("offer-chinese", |columns, rows| {
        let mut state = with_desk(in_chinese(columns, rows), &CHINESE);
        type_text(&mut state, "好的，");
        state
    });
}

#[test]
fn the_card_of_an_inquiry() {
    check("inquiry", |columns, rows| {
        let mut state = with_desk(open(columns, rows, english()), &ENGLISH);
        press(&mut state, "f2");
        press(&mut state, "down");
        press(&mut state, "i");
        state
    });
}

#[test]
fn an_idle_desk() {
    check("desk-idle", |columns, rows| {
        let mut state = with_desk(open(columns, rows, english()), &ENGLISH);
        let desk = Arc::make_mut(state.world.desk.as_mut().unwrap());
        desk.offers.clear();
        desk.held.clear();
        desk.waiting.clear();
        desk.agent.duty = cairn_proto::model::desk::Duty::Off;
        desk.agent.load = 0;
        press(&mut state, "f2");
        state
    });
}

#[test]
fn files_on_their_way() {
    let file = |id, name: &str, state| Pending {
        id: LocalId::new(id),
        conversation: TEAM,
        written_at: minutes(9),
        what: Outgoing::File {
            file: DraftFile {
                path: format!("/tmp/{name}"),
                name: name.to_owned(),
                size_bytes: 24_000_000,
                as_file: false,
            },
            caption: String::new(),
            reply_to: None,
        },
        state,
    };
    let uploading = |done| SendState::Uploading {
        done,
        of: 24_000_000,
    };
    check("uploads", |columns, rows| {
        let mut state = open(columns, rows, english());
        let failed = SendState::Failed(Failure::File(FileFault::Changed));
        state.world.uploads = Arc::new(vec![
            file(1, "harbour.jpg", uploading(9_000_000)),
            file(2, "会议记录.pdf", uploading(23_900_000)),
            file(3, "notes.txt", failed),
            file(4, "release.tar.zst", SendState::Queued),
        ]);
        press(&mut state, "f5");
        state
    });
}
