//! Who may do what, as `table.txt` says it: every request, asked by everybody who can be something to a conversation.
//!
//! The table is for people to read and to change first; the test fails with the whole table as the server has it.

mod requests;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cairn_proto::error::ErrorCode;
use cairn_proto::hello::ServerRole;

use requests::{Asked, of_a_conversation, of_the_server};
use world::{Place, Relation, World};

const TABLE: &str = include_str!("table.txt");

const ROLES: [ServerRole; 3] = [ServerRole::Member, ServerRole::Admin, ServerRole::Owner];

fn cell(answer: Result<(), ErrorCode>) -> String {
    answer.map_or_else(|code| format!("{code:?}"), |()| "yes".to_owned())
}

fn line(table: &mut String, label: &str, cells: &[String]) {
    write!(table, "{label:48}").unwrap();
    cells.iter().for_each(|cell| write!(table, " {cell:9}").unwrap());
    table.truncate(table.trim_end().len());
    table.push('\n');
}

/// The answers to one request, by everybody: one row, or one for each role on the server where that makes a difference.
fn rows(table: &mut String, place: Place, asked: &Asked) {
    let answers = |role| -> Vec<String> {
        let relations = place.relations().iter();
        relations.map(|&relation| cell(World::new(place, relation, role).answers(asked.command))).collect()
    };
    let all = ROLES.map(answers);
    if all.iter().all(|cells| *cells == all[0]) {
        return line(table, asked.label, &all[0]);
    }
    for (role, cells) in ROLES.iter().zip(&all) {
        line(table, &format!("{}, by the server's {}", asked.label, role.as_str()), cells);
    }
}

fn table() -> String {
    let mut table = String::new();
    for place in Place::ALL {
        let heads: Vec<String> = place.relations().iter().map(|relation| relation.as_str().to_owned()).collect();
        line(&mut table, &format!("== {}", place.as_str()), &heads);
        of_a_conversation().iter().for_each(|asked| rows(&mut table, place, asked));
        table.push('\n');
    }
    line(&mut table, "== the server, asked by its", &ROLES.map(|role| role.as_str().to_owned()));
    for asked in of_the_server() {
        let answers = ROLES.map(|role| cell(World::new(Place::Nowhere, Relation::Stranger, role).answers(asked.command)));
        line(&mut table, asked.label, &answers);
    }
    table
}

#[test]
fn everybody_may_do_what_the_table_says() {
    let (found, expected) = (table(), TABLE.split_once("\n\n").unwrap().1);
    let differing: Vec<_> = found.lines().zip(expected.lines()).filter(|(found, expected)| found != expected).collect();
    assert!(found == expected, "{} rows differ, the first are {:#?}\nthe server has\n\n{found}", differing.len(), differing.first());
}

#[test]
fn no_request_is_left_out() {
    let asked = of_a_conversation().into_iter().chain(of_the_server());
    let kinds: BTreeSet<&str> = asked.map(|asked| asked.kind).collect();
    // What a session says of itself is between it and those who watch: the state machine never hears of it.
    let known: BTreeSet<&str> = requests::KINDS.iter().copied().filter(|&kind| kind != "SetPresence").collect();
    // A download begins with a stream of its own.
    let known = known.into_iter().chain(["Download"]).collect();
    assert_eq!(kinds, known);
}

/// Whoever may not see a conversation is told what he is told where there is none, but for groups that anybody may find.
#[test]
fn a_hidden_conversation_is_answered_like_none() {
    for place in Place::ALL {
        for &relation in place.relations().iter().filter(|relation| matches!(relation, Relation::Stranger | Relation::Banned)) {
            for role in ROLES {
                for asked in of_a_conversation() {
                    let found = World::new(place, relation, role).answers(asked.command);
                    let none = World::new(Place::Nowhere, Relation::Stranger, role).answers(asked.command);
                    let may_know = (["Send", "Forward"].contains(&asked.kind) && matches!(place, Place::Unbegun | Place::FriendsOnly))
                        || (place == Place::Open && asked.kind == "JoinGroup")
                        || (role >= ServerRole::Admin && asked.label == "Explain another's count");
                    assert!(may_know || found == none, "{place:?}, {relation:?}, {role:?}: {} {found:?}", asked.label);
                }
            }
        }
    }
}
