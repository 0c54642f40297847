//! Changes of users that devices learn from their overviews.

use super::super::steps::{Place, Seq, Step};
use super::{crashes, goes_well};

/// A device of user 2, whose direct chat with user 1 was in its last overview.
fn caught_up() -> Vec<Step> {
    vec![
        Step::Send {
            by: 4,
            to: Place::Direct(2),
            seq: Seq::Next,
            body: 0,
        },
        Step::Commit,
        Step::CatchUp { by: 5 },
    ]
}

#[test]
fn overviews_show_new_names_of_peers() {
    let rename = Step::Rename {
        by: 0,
        user: 1,
        name: 4,
    };
    let steps = [
        caught_up(),
        vec![rename, Step::Commit, Step::CatchUp { by: 9 }],
    ]
    .concat();
    goes_well(steps, crashes(0, 1));
}

#[test]
fn overviews_show_deactivated_peers() {
    let supervise = |ends| Step::Supervise {
        by: 0,
        user: 2,
        ends,
    };
    let steps = vec![
        Step::Send {
            by: 2,
            to: Place::Direct(2),
            seq: Seq::Next,
            body: 0,
        },
        Step::Commit,
        Step::CatchUp { by: 2 },
        supervise(true),
        Step::CatchUp { by: 2 },
        supervise(false),
        Step::CatchUp { by: 2 },
    ];
    goes_well(steps, crashes(0, 1));
}
