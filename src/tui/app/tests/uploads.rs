//! Files on their way.

use std::sync::Arc;

use cairn_session::{
    Command, DraftFile, Failure, FileFault, LocalId, Outgoing, Pending, SendState,
};

use super::{conversation, session};
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::state::State;
use crate::tui::app::msg::Msg;
use crate::tui::app::testing::{TEAM, minutes, press};
use crate::tui::app::update::update;

fn file(id: u64, name: &str, state: SendState) -> Pending {
    Pending {
        id: LocalId::new(id),
        conversation: TEAM,
        written_at: minutes(1),
        what: Outgoing::File {
            file: DraftFile {
                path: format!("/tmp/{name}"),
                name: name.to_owned(),
                size_bytes: 2_000,
                as_file: false,
            },
            caption: String::new(),
            reply_to: None,
        },
        state,
    }
}

fn show(state: &mut State, uploads: Vec<Pending>) {
    let mut world = state.world.clone();
    world.uploads = Arc::new(uploads);
    update(state, Msg::World(Box::new(world)));
}

fn lines(state: &State) -> Vec<String> {
    match &state.overlay {
        Some(Overlay::Picker(picker)) => picker
            .items
            .iter()
            .map(|item| format!("{} | {}", item.label, item.detail))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_cancelled_sent_again_and_dropped() {
    let mut state = conversation();
    assert_eq!(press(&mut state, "f5"), []);
    assert!(state.overlay.is_none(), "there is nothing to show");

    let half = SendState::Uploading {
        done: 1_000,
        of: 2_000,
    };
    let failed = SendState::Failed(Failure::File(FileFault::Changed));
    show(
        &mut state,
        vec![file(1, "a.png", half), file(2, "b.txt", failed)],
    );
    press(&mut state, "f5");
    let shown = lines(&state);
    let expected = [
        "[#####-----]  50 %  a.png to #team, 2.0 KiB | cancel",
        "not sent  b.txt to #team: the file changed | send again",
        "          b.txt | drop it",
    ];
    assert_eq!(shown, expected);
    let cancelled = press(&mut state, "enter");
    assert_eq!(cancelled, [session(Command::Withdraw(LocalId::new(1)))]);
    press(&mut state, "down");
    let again = press(&mut state, "enter");
    assert_eq!(again, [session(Command::Again(LocalId::new(2)))]);
    press(&mut state, "down");
    let dropped = press(&mut state, "enter");
    assert_eq!(dropped, [session(Command::Withdraw(LocalId::new(2)))]);
}

#[test]
fn progress_is_shown_as_it_comes() {
    let mut state = conversation();
    let at = |done| SendState::Uploading { done, of: 2_000 };
    show(&mut state, vec![file(1, "a.png", at(0))]);
    press(&mut state, "f5");
    show(&mut state, vec![file(1, "a.png", at(1_900))]);
    assert!(lines(&state)[0].contains("[#########-]  95 %"));
    // It fails under the selection: Enter does what stands there now, and never drops it.
    let failed = SendState::Failed(Failure::File(FileFault::Missing));
    let files = vec![file(1, "a.png", at(0)), file(2, "b.txt", at(0))];
    show(&mut state, files);
    press(&mut state, "down");
    show(
        &mut state,
        vec![file(1, "a.png", at(0)), file(2, "b.txt", failed)],
    );
    let again = press(&mut state, "enter");
    assert_eq!(again, [session(Command::Again(LocalId::new(2)))]);
    show(&mut state, Vec::new());
    assert_eq!(lines(&state), [""; 0]);
}
