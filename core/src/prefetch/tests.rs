use cairn_proto::ids::{Revision, Timestamp};
use cairn_proto::limits::USERS_PER_REQUEST_MAX;
use cairn_proto::model::group::Role;
use cairn_proto::model::people::Relation;
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::request::group::{AddMembers, Ban, JoinGroup, ListMembers, RemoveMembers};
use cairn_proto::wire::request::message::Recall;
use cairn_proto::wire::request::reading::{Explain, GetReceipts, MarkRead, MarkUnread};
use cairn_proto::wire::request::session::Watch;

use super::*;
use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::command::{Expire, GrantRead};
use crate::command::{Asked, By, Command, Handle};
use crate::limits::MEMBERS_SCANNED_MAX;
use crate::record::{
    ConversationRecord, DeviceRecord, KindRecord, MemberCounts, MemberDetails, MemberRecord,
    MembershipRecord, SecretHash, StoredMember, UserRecord,
};

const GROUP: ConversationId = ConversationId::new(1);
const FLOOR: u64 = 10;
const HEAD: u64 = 5_000;
const READ: u64 = 4_000;

fn user(id: u32) -> UserId {
    UserId::new(id)
}

fn msgid(id: u64) -> MsgId {
    MsgId::new(id)
}

fn actor(id: u32) -> Actor {
    Actor {
        user: user(id),
        device: DeviceId::new(id.into()),
        stream: SendStreamId::new(1),
        stream_began: Revision::MAX,
    }
}

/// A server with a group of every `nth` user. Each user has one device that has acked everything.
fn server(users: u32, nth: u32) -> State {
    let mut state = State::default();
    for id in 1..=users {
        let created_at = Timestamp::new(0);
        let name = format!("user{id}").parse().unwrap();
        state.install_user(
            user(id),
            UserRecord::new(name, crate::record::UserOrigin::Unknown, created_at),
        );
        let token = SecretHash([0; 32]);
        let device = DeviceRecord {
            name: "desk".parse().unwrap(),
            token,
            created_at,
            streams: Vec::new(),
        };
        state.install_device(user(id), actor(id).device, device);
        if id % nth == 0 {
            state.install_membership(user(id), GROUP, MembershipRecord { owns: false });
        }
    }
    state
}

/// Installs the state that a load requests.
fn load(state: &mut State, part: Load) {
    let is_member = |state: &State, user: &UserId| state.is_member(*user, GROUP);
    if state.conversation(GROUP).is_none() {
        let members = state
            .ids_after(None)
            .filter(|user| is_member(state, user))
            .count() as u32;
        let record = ConversationRecord::new(
            KindRecord::Group {
                name: "team".parse().unwrap(),
            },
            Timestamp::new(0),
        );
        let counts = MemberCounts { members, owners: 1 };
        state.install_conversation(
            GROUP,
            ConversationRecord {
                head: msgid(HEAD),
                floor: msgid(FLOOR),
                counts,
                ..record
            },
        );
    }
    let stored = |user: UserId| {
        let (details, joined, read) = (MemberDetails::default(), msgid(1), msgid(READ));
        let record = MemberRecord {
            role: Role::Owner,
            joined,
            read,
            details,
            marker: None,
            changed: Revision::default(),
        };
        StoredMember {
            user,
            record,
            delivered: vec![(DeviceId::new(user.get().into()), msgid(HEAD))],
        }
    };
    let chunk = |state: &mut State, chunk: MemberChunk| {
        let members = chunk
            .users()
            .filter(|user| is_member(state, user))
            .map(stored)
            .collect();
        state.install_members(GROUP, chunk, members, Vec::new());
    };
    match part {
        Load::Conversation(GROUP) => {}
        Load::Member(GROUP, user) => chunk(state, MemberChunk::of(user)),
        Load::Members(GROUP) => {
            let chunks: BTreeSet<MemberChunk> =
                state.ids_after(None).map(MemberChunk::of).collect();
            chunks.into_iter().for_each(|of| chunk(state, of));
            state.install_members_complete(GROUP);
        }
        other => panic!("{other:?}"),
    }
}

/// A state in which one user's own membership is loaded.
fn loaded(users: u32, nth: u32, by: u32) -> State {
    let mut state = server(users, nth);
    load(&mut state, Load::Member(GROUP, user(by)));
    state
}

fn missing(state: &State, command: &impl Command) -> Vec<Load> {
    let mut loads = Vec::new();
    command.prefetch(state, &mut loads);
    loads
}

fn loads_of<C: Handle>(state: &State, by: u32, call: C) -> Vec<Load> {
    missing(state, &By(actor(by), call))
}

fn loads_of_any(state: &State, by: u32, request: Request) -> Vec<Load> {
    missing(state, &By(actor(by), Asked::try_from(request).unwrap()))
}

#[test]
fn strangers_load_nothing() {
    let state = server(40, 2);
    let (conversation, users) = (GROUP, vec![user(2), user(20)]);
    let whose = user(20);
    let requests = || {
        [
            Request::from(AddMembers {
                conversation,
                users: users.clone(),
            }),
            Request::from(RemoveMembers {
                conversation,
                users: users.clone(),
            }),
            Request::from(Ban {
                conversation,
                users: users.clone(),
            }),
            Request::from(ListMembers {
                conversation,
                after: None,
            }),
            Request::from(MarkUnread {
                conversation,
                from: msgid(READ),
            }),
            Request::from(GetReceipts {
                conversation,
                msgid: msgid(READ),
                after: None,
            }),
            Request::from(Recall {
                conversation,
                msgid: msgid(READ),
            }),
            Request::from(Explain {
                conversation,
                user: whose,
            }),
            Request::from(MarkRead {
                conversation,
                msgid: msgid(READ),
            }),
        ]
    };
    for request in requests() {
        assert_eq!(loads_of_any(&state, 1, request.clone()), [], "{request:?}");
        assert_eq!(
            loads_of_any(&state, 2, request.clone()).first(),
            Some(&Load::Member(GROUP, user(2))),
            "{request:?}"
        );
    }
    assert_eq!(
        missing(
            &state,
            &GrantRead {
                actor: actor(1),
                conversation: GROUP
            }
        ),
        []
    );
    assert_eq!(
        loads_of(&state, 1, JoinGroup { conversation }),
        [Load::Member(GROUP, user(1))],
        "the group may be open"
    );
}

#[test]
fn named_users_are_loaded_by_chunk() {
    let state = loaded(2_000, 1, 1);
    let users = |users: &[u32]| users.iter().copied().map(user).collect();
    let remove = |named: &[u32]| {
        loads_of(
            &state,
            1,
            RemoveMembers {
                conversation: GROUP,
                users: users(named),
            },
        )
    };
    assert_eq!(
        remove(&[100, 100, 101, 2_001, u32::MAX]),
        [Load::Member(GROUP, user(111))]
    );
    assert_eq!(remove(&[1, 2, 3]), [], "their chunk is in memory");
    let add = loads_of(
        &state,
        1,
        AddMembers {
            conversation: GROUP,
            users: users(&[100, 100, 2_001]),
        },
    );
    assert_eq!(
        add,
        [Load::Member(GROUP, user(111)), Load::Relations(user(100))],
        "they may have blocked the requester"
    );
    let many = |count: usize| {
        remove(
            &(0..count as u32)
                .map(|n| 100 + n % 1_000)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(many(USERS_PER_REQUEST_MAX).len(), 32);
    assert_eq!(many(USERS_PER_REQUEST_MAX + 1), [], "refused anyway");
    assert_eq!(
        loads_of(
            &state,
            1,
            Explain {
                conversation: GROUP,
                user: user(4_000)
            }
        ),
        []
    );
}

#[test]
fn only_visible_messages_are_loaded() {
    let state = loaded(20, 1, 1);
    let recall = |id| {
        loads_of(
            &state,
            1,
            Recall {
                conversation: GROUP,
                msgid: msgid(id),
            },
        )
    };
    for outside in [0, FLOOR, HEAD + 1, u64::MAX] {
        assert_eq!(recall(outside), []);
    }
    for visible in [FLOOR + 1, HEAD] {
        assert_eq!(
            recall(visible),
            [
                Load::Entry(GROUP, msgid(visible)),
                Load::Attached(GROUP, msgid(visible))
            ]
        );
    }
}

#[test]
fn unmarkable_ranges_are_not_loaded() {
    let state = loaded(20, 1, 1);
    let mark = |id| {
        loads_of(
            &state,
            1,
            MarkUnread {
                conversation: GROUP,
                from: msgid(id),
            },
        )
    };
    for refused in [0, FLOOR, FLOOR + 1, READ - 1_000, READ + 1, HEAD + 1] {
        assert_eq!(mark(refused), [], "from {refused}");
    }
    assert_eq!(
        mark(READ - 999),
        [Load::Entries(GROUP, msgid(READ - 999), msgid(READ))]
    );
    assert_eq!(mark(READ), [Load::Entries(GROUP, msgid(READ), msgid(READ))]);
}

/// Reads all pages. Returns the members, the number of pages, and the most loads for one page.
fn page_through(users: u32, nth: u32) -> (Vec<UserId>, usize, usize) {
    let mut state = loaded(users, nth, nth);
    let (mut shown, mut after, mut pages, mut loads) = (Vec::new(), None, 0, 0);
    loop {
        let request = ListMembers {
            conversation: GROUP,
            after,
        };
        let wanted = loads_of(&state, nth, request);
        loads = loads.max(wanted.len());
        wanted.into_iter().for_each(|part| load(&mut state, part));
        assert_eq!(loads_of(&state, nth, request), []);
        let by = By(actor(nth), request);
        let page = by
            .run(&mut state, Timestamp::new(0), &mut Batch::new(0))
            .unwrap();
        shown.extend(page.items.iter().map(|member| member.user.id));
        (after, pages) = (page.next_after, pages + 1);
        if after.is_none() {
            return (shown, pages, loads);
        }
    }
}

#[test]
fn member_pages_load_only_what_they_scan() {
    let every = |nth: u32, count: u32| (1..=count).map(|n| user(n * nth)).collect::<Vec<_>>();
    assert!(page_through(1_600, 1) == (every(1, 1_600), 4, 31));
    assert!(
        page_through(1_000, 1) == (every(1, 1_000), 2, 1),
        "small conversations are loaded completely"
    );
    // Few members among many users: a page ends after [`MEMBERS_SCANNED_MAX`] users.
    let (shown, pages, loads) = page_through(40_000, 32);
    assert!((shown, pages) == (every(32, 1_250), 20));
    assert!(loads <= MEMBERS_SCANNED_MAX / 32 + 1, "{loads}");
}

#[test]
fn expiry_loads_only_when_the_floor_can_rise() {
    let days = |aged| Expire {
        conversation: GROUP,
        policy: Retention::Days(1),
        aged: msgid(aged),
    };
    let acked = |aged| Expire {
        conversation: GROUP,
        policy: Retention::UntilAcked { cap_days: 1 },
        aged: msgid(aged),
    };
    let with = |retention| {
        let mut state = loaded(40, 1, 1);
        state.apply_retention(GROUP, Some(retention));
        state
    };
    let mut state = with(Retention::Days(1));
    assert_eq!(missing(&state, &days(0)), []);
    assert_eq!(missing(&state, &days(FLOOR)), []);
    assert_eq!(
        missing(&state, &acked(HEAD)),
        [],
        "another policy is in force"
    );
    assert_eq!(
        missing(&state, &days(FLOOR + 1)),
        [Load::FirstAttached(GROUP)]
    );
    state = with(Retention::UntilAcked { cap_days: 1 });
    assert_eq!(
        missing(&state, &acked(0)),
        [Load::Members(GROUP)],
        "all loaded members have everything"
    );
    load(&mut state, Load::Members(GROUP));
    assert_eq!(missing(&state, &acked(0)), [Load::FirstAttached(GROUP)]);
    state = with(Retention::UntilAcked { cap_days: 1 });
    state.install_device(
        user(1),
        DeviceId::new(99),
        state.users[&user(1)].devices[&actor(1).device].clone(),
    );
    assert_eq!(
        missing(&state, &acked(0)),
        [],
        "a loaded member delays expiry"
    );
    assert_eq!(
        missing(&state, &acked(FLOOR + 1)),
        [Load::FirstAttached(GROUP)],
        "expiry by age ignores acks"
    );
}

#[test]
fn unwatchable_users_load_nothing() {
    let mut state = server(40, 2);
    let watch = |state: &State| {
        loads_of(
            state,
            1,
            Watch {
                users: vec![user(2), user(3), user(3), user(41)],
            },
        )
    };
    assert_eq!(watch(&state), [Load::Relations(user(1))]);
    state.install_relations(
        user(1),
        vec![(
            user(3),
            Relation {
                follows: true,
                ..Relation::default()
            },
        )],
    );
    assert_eq!(watch(&state), [Load::Relations(user(3))]);
    state.install_membership(user(1), GROUP, MembershipRecord { owns: false });
    assert_eq!(
        watch(&state),
        [Load::Relations(user(2)), Load::Relations(user(3))]
    );
}

#[test]
fn empty_chunks_count_as_memory() {
    let mut state = loaded(2_000, 1_999, 1_999);
    let before = state.conversation(GROUP).unwrap().memory_bytes();
    let users = (1..=1_000).step_by(16).map(user).collect();
    let wanted = loads_of(
        &state,
        1_999,
        RemoveMembers {
            conversation: GROUP,
            users,
        },
    );
    assert_eq!(wanted.len(), 63);
    wanted.into_iter().for_each(|part| load(&mut state, part));
    let found = state.conversation(GROUP).unwrap();
    assert_eq!(found.members_sorted().len(), 1);
    assert!(found.memory_bytes() >= before + 63 * size_of::<MemberChunk>());
}
