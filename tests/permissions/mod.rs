//! The permissions of every request and every kind of user, compared with `table.txt`.
//!
//! The table documents the permissions, so change it first. On a mismatch, the test prints the
//! actual table.

mod desk;
mod requests;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cairn_client::proto::model::presence::DeviceKind;
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;

use crate::support::{Server, invite, kinds};
use requests::{
    OF_A_SESSION, REMOVE_DEACTIVATED, RESCUE, Row, WATCH, of_a_conversation, of_a_relation,
    of_the_server,
};
use world::{Common, Place, Relation, World};

const TABLE: &str = include_str!("table.txt");

const ROLES: [ServerRole; 3] = [ServerRole::Member, ServerRole::Admin, ServerRole::Owner];

fn cell(answer: Result<(), ErrorCode>) -> String {
    answer.map_or_else(|code| format!("{code:?}"), |()| "yes".to_owned())
}

/// A section of the table: heading and rows, by columns.
struct Section(Vec<(String, Vec<String>)>);

impl Section {
    fn new(head: &str, columns: &[&str]) -> Self {
        Self(vec![(
            format!("== {head}"),
            columns.iter().map(|&column| column.to_owned()).collect(),
        )])
    }

    fn row(&mut self, label: &str, cells: impl IntoIterator<Item = String>) {
        self.0.push((label.to_owned(), cells.into_iter().collect()));
    }

    /// Adds the answers to one request: one row, or one per server role if they differ.
    fn rows(&mut self, place: Place, relations: &[Relation], asked: &Row) {
        let answers = |role| -> Vec<String> {
            relations
                .iter()
                .map(|&relation| cell(World::new(place, relation, role).answers(asked)))
                .collect()
        };
        let all = ROLES.map(answers);
        if all.iter().all(|cells| *cells == all[0]) {
            return self.row(asked.label, all[0].clone());
        }
        for (role, cells) in ROLES.iter().zip(all) {
            self.row(
                &format!("{}, by the server's {}", asked.label, role.as_str()),
                cells,
            );
        }
    }

    fn write(&self, table: &mut String) {
        let width = |column: usize| {
            self.0
                .iter()
                .map(|(_, cells)| cells[column].len())
                .max()
                .unwrap()
        };
        let widths: Vec<usize> = (0..self.0[0].1.len()).map(width).collect();
        for (label, cells) in &self.0 {
            write!(table, "{label:48}").unwrap();
            cells
                .iter()
                .zip(&widths)
                .for_each(|(cell, width)| write!(table, " {cell:width$}").unwrap());
            table.truncate(table.trim_end().len());
            table.push('\n');
        }
        table.push('\n');
    }
}

fn heads(relations: &[Relation]) -> Vec<&'static str> {
    relations.iter().map(|relation| relation.as_str()).collect()
}

fn table() -> String {
    let mut sections = Vec::new();
    for place in Place::ALL {
        let mut section = Section::new(place.as_str(), &heads(place.relations()));
        of_a_conversation()
            .iter()
            .for_each(|asked| section.rows(place, place.relations(), asked));
        sections.push(section);
    }
    let mut section = Section::new("another user, asked by one", &heads(&Relation::BETWEEN));
    of_a_relation()
        .iter()
        .for_each(|asked| section.rows(Place::Nowhere, &Relation::BETWEEN, asked));
    for common in Common::ALL {
        section.row(
            &format!("{WATCH}, with {}", common.as_str()),
            Relation::BETWEEN.map(|relation| seen(relation, common, false)),
        );
    }
    section.row(
        &format!("{WATCH} oneself"),
        Relation::BETWEEN.map(|relation| seen(relation, Common::No, true)),
    );
    sections.push(section);
    let mut section = Section::new("the server, asked by its", &ROLES.map(ServerRole::as_str));
    for asked in of_the_server() {
        section.row(
            asked.label,
            ROLES.map(|role| {
                cell(World::new(Place::Nowhere, Relation::Stranger, role).answers(&asked))
            }),
        );
    }
    section.row(OF_A_SESSION, ROLES.map(|_| cell(Ok(()))));
    sections.push(section);
    let mut table = String::new();
    sections
        .iter()
        .for_each(|section| section.write(&mut table));
    table.truncate(table.trim_end().len());
    table.push('\n');
    table
}

fn seen(relation: Relation, common: Common, oneself: bool) -> String {
    if World::sees(relation, common, oneself) {
        "seen"
    } else {
        "left out"
    }
    .to_owned()
}

fn all() -> Vec<Row> {
    [of_a_conversation(), of_a_relation(), of_the_server()].concat()
}

#[test]
fn permissions_match_the_table() {
    let (found, expected) = (table(), &TABLE[TABLE.find("== ").unwrap()..]);
    let differing: Vec<_> = found
        .lines()
        .zip(expected.lines())
        .filter(|(found, expected)| found != expected)
        .collect();
    assert!(
        found == expected,
        "{} rows differ, the first are {:#?}\nthe server has\n\n{found}",
        differing.len(),
        differing.first()
    );
}

#[test]
fn every_request_is_covered() {
    let asked = all();
    let named = || {
        asked
            .iter()
            .map(|asked| asked.kind)
            .chain([WATCH, OF_A_SESSION])
            .chain(desk::KINDS.iter().copied())
    };
    assert_eq!(kinds::left_out(named()), [""; 0]);
    // Downloads have a stream of their own.
    let others: BTreeSet<&str> = named()
        .filter(|kind| !kinds::KINDS.contains(kind))
        .collect();
    assert_eq!(others, BTreeSet::from(["Download"]));
    // Each of them has a row in the table.
    let rows: Vec<&str> = TABLE.lines().collect();
    let has_row = |label: &str| rows.iter().any(|row| row.starts_with(label));
    assert!(
        asked
            .iter()
            .map(|asked| asked.label)
            .chain([WATCH, OF_A_SESSION])
            .all(has_row)
    );
}

/// The manual states the permissions of each request.
#[test]
fn manual_names_every_request() {
    let (_, section) = include_str!("../../docs/PROTOCOL.md")
        .split_once("\n## Requests\n")
        .unwrap();
    let rows: Vec<&str> = section
        .lines()
        .take_while(|line| !line.starts_with("##"))
        .filter(|line| line.starts_with("| `"))
        .collect();
    let named: Vec<&str> = rows
        .iter()
        .flat_map(|row| {
            row.split('|')
                .nth(1)
                .unwrap()
                .split(|c: char| !c.is_alphanumeric())
        })
        .collect();
    assert_eq!(kinds::left_out(named), [""; 0]);
}

/// `SetPresence` never reaches the state machine, so a real server answers it.
#[tokio::test]
async fn sessions_report_their_identity() {
    let server = Server::start();
    let (owner, _) = server.owner().await;
    let (member, _) = invite(&owner, "member").await;
    for client in [owner, member] {
        client
            .me()
            .set_presence(DeviceKind::Bot, true)
            .await
            .unwrap();
    }
}

/// Requests about a hidden conversation are answered as if it did not exist, except for groups that
/// anyone may find.
#[test]
fn hidden_conversation_looks_absent() {
    for place in Place::ALL {
        for &relation in place
            .relations()
            .iter()
            .filter(|&&relation| place.is_hidden_from(relation))
        {
            for role in ROLES {
                for asked in of_a_conversation() {
                    let found = World::new(place, relation, role).answers(&asked);
                    let none = World::new(Place::Nowhere, Relation::Stranger, role).answers(&asked);
                    // The first message creates a chat, so its answer differs. A blocked sender is
                    // answered as if the user did not exist; where only friends may create chats,
                    // every non-friend gets the same refusal.
                    let begins = ["Send", "Forward"].contains(&asked.kind)
                        && ((place == Place::Unbegun && relation != Relation::Blocked)
                            || place == Place::UnbegunOfFriends);
                    let may_know = begins
                        || (place == Place::Open && asked.kind == "JoinGroup")
                        || (role >= ServerRole::Admin
                            && ["Explain another's count", REMOVE_DEACTIVATED, RESCUE]
                                .contains(&asked.label));
                    assert!(
                        may_know || found == none,
                        "{place:?}, {relation:?}, {role:?}: {} {found:?}",
                        asked.label
                    );
                }
            }
        }
    }
}

/// A block between two members does not affect their permissions in a group.
#[test]
fn block_does_not_affect_groups() {
    for asked in of_a_conversation() {
        let without =
            World::new(Place::Group, Relation::Member, ServerRole::Member).answers(&asked);
        for relation in [Relation::Blocking, Relation::Blocked] {
            let with = World::new(Place::Peculiar, relation, ServerRole::Member).answers(&asked);
            assert_eq!(with, without, "{relation:?}: {}", asked.label);
        }
    }
}
