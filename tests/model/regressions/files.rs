//! Attachment scripts that once failed.

use super::{GROUP, crashes, goes_well};
use crate::model::attachments::FileStep;
use crate::model::steps::Step;

#[test]
fn recall_drops_attachment_refs() {
    let store = Step::File(FileStep::Store {
        by: 0,
        file: 1,
        lies: false,
    });
    let attach = Step::File(FileStep::Attach {
        by: 0,
        to: GROUP,
        file: 1,
        lies: false,
    });
    let recall = Step::Recall {
        by: 0,
        to: GROUP,
        at: 0,
    };
    let (fetch, collect) = (
        Step::File(FileStep::Fetch {
            by: 0,
            to: GROUP,
            at: 0,
            file: 1,
        }),
        Step::File(FileStep::Collect),
    );
    let sent = [
        store.clone(),
        attach.clone(),
        fetch.clone(),
        collect.clone(),
        Step::Take,
        Step::Stored,
        Step::LetGo,
    ];
    let gone = [
        recall,
        fetch,
        collect.clone(),
        Step::Take,
        Step::Stored,
        store,
        Step::LetGo,
        attach,
        collect,
    ];
    goes_well(
        [&sent[..], &gone[..]].concat(),
        [crashes(0, 1), crashes(0, 2), crashes(1, 2)].concat(),
    );
}

#[test]
fn unsent_uploads_release_quota() {
    let store = |by, file| {
        Step::File(FileStep::Store {
            by,
            file,
            lies: false,
        })
    };
    let (collect, day) = (Step::File(FileStep::Collect), Step::File(FileStep::Day));
    // The last two files fill a quota.
    let full = vec![
        store(0, 6),
        store(0, 7),
        store(0, 5),
        store(1, 6),
        collect.clone(),
        Step::Take,
        Step::Stored,
        Step::LetGo,
    ];
    goes_well(
        [full, vec![day, collect, store(0, 5), store(0, 6)]].concat(),
        crashes(0, 1),
    );
}
