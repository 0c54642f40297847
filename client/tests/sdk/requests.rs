//! Requests with one reply: retried only where that is harmless, coalesced, and split into pages
//! and parts.

use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{
    ConversationId, DeviceId, ImportSource, LinkId, MsgId, Timestamp, UserId,
};
use cairn_client::proto::invite::ServerAddr;
use cairn_client::proto::limits::{FRAME_BYTES_MAX, IMPORT_ENTRIES_MAX, TEXT_BYTES_MAX};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::receipts::Reads;
use cairn_client::proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_client::proto::secret::InviteToken;
use cairn_client::proto::text::{GroupName, Text, UserName};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::request::message::{Import, ImportEntry};
use cairn_client::proto::wire::request::people::GetUsers;
use cairn_client::proto::wire::request::reading::{Ack, GetOwnReads, MarkRead};
use cairn_client::proto::wire::request::session::{CreateInvite, ListDevices, NewInvite};
use cairn_client::proto::wire::request::{
    Answer, List, MessageRequest, ReadingRequest, Request, ServerRequest, message,
};
use cairn_client::{Error, Event, Imported};

use crate::fake::{Fake, eager, soon};

const ONE: ConversationId = ConversationId::new(1);

pub(crate) fn group(id: u64, head: u64) -> Conversation {
    Conversation {
        id: ConversationId::new(id),
        kind: ConversationKind::Group {
            name: GroupName::new("team").unwrap(),
        },
        role: Role::Member,
        head: MsgId::new(head),
        floor: MsgId::ZERO,
        read: MsgId::ZERO,
        delivered: MsgId::ZERO,
        unread: head,
        mentions: 0,
        last: None,
        settings: MemberSettings::default(),
    }
}

fn user(id: u32) -> UserInfo {
    UserInfo {
        id: UserId::new(id),
        name: UserName::new(format!("user{id}")).unwrap(),
        role: ServerRole::Member,
        state: UserState::Active,
    }
}

#[tokio::test]
async fn only_idempotent_requests_are_retried() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let name = GroupName::new("team").unwrap();
    let (group, invite, others, devices, _peer) = soon(async {
        let (made, invited) = (
            client.conversations().create_group(name, Vec::new()),
            client.admin().create_invite(1, Duration::from_secs(60)),
        );
        let edited = client
            .conversation(ONE)
            .edit(MsgId::new(3), Text::new("other words").unwrap());
        let (handed, marked) = (
            client.conversation(ONE).hand_over(UserId::new(2)),
            client.conversation(ONE).mark_unread(MsgId::new(3)),
        );
        let others =
            async { tokio::join!(handed, edited, marked, client.conversation(ONE).join()) };
        tokio::join!(made, invited, others, client.me().devices(), async {
            for _ in 0..7 {
                peer.request().await;
            }
            peer.close(CloseCode::GoingAway);
            let mut peer = fake.welcomed(Vec::new()).await;
            let (id, request) = peer.request().await;
            assert_eq!(request, ListDevices.into());
            peer.answer(id, Ok(Answer::to::<ListDevices>(&List(Vec::new()))))
                .await;
            peer
        })
    })
    .await;
    assert_eq!(group, Err(Error::Disconnected));
    assert_eq!(invite, Err(Error::Disconnected));
    let unknown = || Err(Error::Disconnected);
    assert_eq!(others, (unknown(), unknown(), unknown(), unknown()));
    assert_eq!(devices, Ok(Vec::new()));
}

#[tokio::test]
async fn retry_accepts_already_done() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let (own, other) = (client.whoami().user, UserId::new(900));
    let (revoked, left, removed, _peer) = soon(async {
        let [left, removed] =
            [own, other].map(|user| client.conversation(ONE).remove_members(vec![user]));
        tokio::join!(
            client.me().revoke_device(DeviceId::new(5)),
            left,
            removed,
            async {
                for _ in 0..3 {
                    peer.request().await;
                }
                peer.close(CloseCode::GoingAway);
                let mut peer = fake.welcomed(Vec::new()).await;
                for _ in 0..3 {
                    let (id, request) = peer.request().await;
                    let is_device =
                        matches!(request, Request::Server(ServerRequest::RevokeDevice(_)));
                    peer.answer(
                        id,
                        Err(if is_device {
                            ErrorCode::NoSuchDevice
                        } else {
                            ErrorCode::NotFound
                        }),
                    )
                    .await;
                }
                peer
            }
        )
    })
    .await;
    assert_eq!((revoked, left), (Ok(()), Ok(0)));
    assert_eq!(removed, Err(Error::Refused(ErrorCode::NotFound)));
}

/// The first try may have recalled the message before its sender was removed from the group.
#[tokio::test]
async fn refusal_of_a_repeated_amendment_says_nothing_of_its_first_try() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let conversation = client.conversation(ONE);
    let thumbs = || "👍".parse().unwrap();
    let (recalled, reacted, unpinned, renamed, _peer) = soon(async {
        tokio::join!(
            conversation.recall(MsgId::new(3)),
            conversation.react(MsgId::new(3), thumbs()),
            conversation.unpin(MsgId::new(3)),
            conversation.rename(GroupName::new("crew").unwrap()),
            async {
                for _ in 0..4 {
                    peer.request().await;
                }
                peer.close(CloseCode::GoingAway);
                let mut peer = fake.welcomed(Vec::new()).await;
                for _ in 0..4 {
                    let (id, _) = peer.request().await;
                    peer.answer(id, Err(ErrorCode::NotFound)).await;
                }
                peer
            }
        )
    })
    .await;
    let unknown = || Err(Error::Disconnected);
    assert_eq!(
        (recalled, reacted, unpinned),
        (unknown(), unknown(), unknown())
    );
    assert_eq!(renamed, Err(Error::Refused(ErrorCode::NotFound)));
}

#[tokio::test]
async fn first_not_found_is_an_error() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let (revoked, ()) = soon(async {
        tokio::join!(client.me().revoke_device(DeviceId::new(5)), async {
            let (id, _) = peer.request().await;
            peer.answer(id, Err(ErrorCode::NoSuchDevice)).await;
        })
    })
    .await;
    assert_eq!(revoked, Err(Error::Refused(ErrorCode::NoSuchDevice)));
}

#[tokio::test]
async fn offline_requests_are_sent_later() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    let mut events = client.events();
    peer.close(CloseCode::GoingAway);
    assert_eq!(
        soon(events.next()).await,
        Some(Event::Disconnected {
            reason: "the server is stopping".to_owned()
        })
    );
    let (link, _peer) = soon(async {
        tokio::join!(
            client.admin().create_invite(3, Duration::from_millis(1)),
            async {
                let mut peer = fake.welcomed(Vec::new()).await;
                let (id, request) = peer.request().await;
                assert_eq!(
                    request,
                    CreateInvite {
                        uses: 3,
                        life_seconds: 1
                    }
                    .into()
                );
                peer.answer(
                    id,
                    Ok(Answer::to::<CreateInvite>(&NewInvite {
                        addr: ServerAddr::new("chat.example.org", 7766),
                        token: InviteToken::new([4; 16]),
                        id: LinkId::new(9),
                    })),
                )
                .await;
                peer
            }
        )
    })
    .await;
    let link = link.unwrap();
    let advertised = ServerAddr::new("chat.example.org", 7766);
    assert_eq!(
        (link.addr, link.pin, link.token),
        (advertised, fake.pin(), InviteToken::new([4; 16]))
    );
    assert_eq!(soon(events.next()).await, Some(Event::Reconnected));
}

#[tokio::test]
async fn dropped_request_is_harmless() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    {
        let mut asking = Box::pin(client.me().devices());
        let (id, _) = soon(async {
            tokio::select! {
                _ = &mut asking => panic!("no answer"),
                request = peer.request() => request,
            }
        })
        .await;
        drop(asking);
        peer.answer(id, Ok(Answer::to::<ListDevices>(&List(Vec::new()))))
            .await;
    }
    let (read, ()) = soon(async {
        tokio::join!(client.conversation(ONE).mark_read(MsgId::new(3)), async {
            let (id, request) = peer.request().await;
            assert_eq!(
                request,
                MarkRead {
                    conversation: ONE,
                    msgid: MsgId::new(3)
                }
                .into()
            );
            peer.answer(id, Err(ErrorCode::BadCursor)).await;
        })
    })
    .await;
    assert_eq!(read, Err(Error::Refused(ErrorCode::BadCursor)));
}

#[tokio::test]
async fn last_ack_is_flushed_on_close() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    for msgid in (1..=1000).chain([500]) {
        client.conversation(ONE).ack(MsgId::new(msgid));
    }
    let ((), acked) = tokio::join!(client.close(), async {
        let mut acked = Vec::new();
        while let Some((id, request)) = peer.try_request().await {
            let Request::Reading(ReadingRequest::Ack(Ack {
                conversation: ONE,
                msgid,
            })) = request
            else {
                panic!("{request:?}")
            };
            acked.push(msgid.get());
            peer.answer(id, Ok(Answer::to::<Ack>(&()))).await;
        }
        acked
    });
    assert_eq!(acked, [1000]);
    assert_eq!(peer.closed().await, CloseCode::Normal);
}

#[tokio::test]
async fn ack_has_a_deadline() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    client.conversation(ONE).ack(MsgId::new(5));
    assert_eq!(
        peer.request().await.1,
        Ack {
            conversation: ONE,
            msgid: MsgId::new(5)
        }
        .into()
    );
    peer.close(CloseCode::GoingAway);
    let mut peer = fake.welcomed(Vec::new()).await;
    assert_eq!(
        peer.request().await.1,
        Ack {
            conversation: ONE,
            msgid: MsgId::new(5)
        }
        .into(),
        "unanswered, so again"
    );
}

#[tokio::test]
async fn ack_is_repeated_after_reconnect() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    client.conversation(ONE).ack(MsgId::new(5));
    let (id, _) = peer.request().await;
    peer.answer(id, Ok(Answer::to::<Ack>(&()))).await;
    // Replies arrive in order: this one proves that the client has read the other.
    let (reads, ()) = tokio::join!(client.me().reads(), async {
        let (id, request) = peer.request().await;
        assert_eq!(request, GetOwnReads.into());
        peer.answer(id, Ok(Answer::to::<GetOwnReads>(&Reads::Shown)))
            .await;
    });
    reads.unwrap();
    peer.close(CloseCode::GoingAway);
    let mut peer = fake.welcomed(Vec::new()).await;
    assert_eq!(
        peer.request().await.1,
        Ack {
            conversation: ONE,
            msgid: MsgId::new(5)
        }
        .into()
    );
}

#[tokio::test]
async fn names_are_cached() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let ids = [3, 1, 9].map(UserId::new);
    let (users, ()) = soon(async {
        tokio::join!(client.people().get_all(&ids), async {
            let (id, request) = peer.request().await;
            assert_eq!(request, GetUsers { ids: ids.to_vec() }.into());
            peer.answer(
                id,
                Ok(Answer::to::<GetUsers>(&List(vec![user(3), user(1)]))),
            )
            .await;
        })
    })
    .await;
    assert_eq!(users.unwrap(), [user(3), user(1)]);
    assert_eq!(
        soon(client.people().get(UserId::new(1))).await.unwrap(),
        Some(user(1)),
        "from memory"
    );
    let (unknown, ()) = soon(async {
        tokio::join!(client.people().get_all(&ids), async {
            let (id, request) = peer.request().await;
            assert_eq!(
                request,
                GetUsers {
                    ids: vec![UserId::new(9)]
                }
                .into()
            );
            peer.answer(id, Ok(Answer::to::<GetUsers>(&List(Vec::new()))))
                .await;
        })
    })
    .await;
    assert_eq!(unknown.unwrap(), [user(3), user(1)]);
}

#[tokio::test]
async fn large_import_is_split() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let entry = |text: &str| ImportEntry {
        sender: UserName::new("nick").unwrap(),
        sent_at: Timestamp::new(1),
        body: Body::Text(Text::new(text).unwrap()),
    };
    let small = vec![entry("hi"); IMPORT_ENTRIES_MAX + 1];
    let large = vec![entry(&"x".repeat(TEXT_BYTES_MAX)); 40];
    let total = (small.len() + large.len()) as u64;
    let source = ImportSource::new(6);
    let (done, parts) = soon(async {
        tokio::join!(
            client
                .conversation(ONE)
                .import(source, 10, [small, large].concat()),
            async {
                let (mut parts, mut next) = (0, 10);
                while next < 10 + total {
                    let (id, request) = peer.request().await;
                    assert!(
                        cairn_client::proto::wire::codec::encode(&request).len() < FRAME_BYTES_MAX
                    );
                    let Request::Message(MessageRequest::Import(Import { first, entries, .. })) =
                        request
                    else {
                        panic!("{request:?}")
                    };
                    assert_eq!(first, next);
                    assert!(!entries.is_empty() && entries.len() <= IMPORT_ENTRIES_MAX);
                    next += entries.len() as u64;
                    parts += 1;
                    peer.answer(
                        id,
                        Ok(Answer::to::<Import>(&message::Imported {
                            added: entries.len() as u32,
                            users: 1,
                            cursor: next,
                        })),
                    )
                    .await;
                }
                parts
            }
        )
    })
    .await;
    assert_eq!(
        done,
        Ok(Imported {
            added: total,
            users: parts,
            cursor: 10 + total
        })
    );
    assert!(parts >= 4, "{parts} parts for {total} entries");
}

#[tokio::test]
async fn events_report_memberships() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut events = client.events();
    peer.push(TimelineFrame::Update(Update::Conversation(group(4, 1))))
        .await;
    peer.push(TimelineFrame::Update(Update::Removed {
        conversation: ConversationId::new(4),
        last: MsgId::new(2),
    }))
    .await;
    assert_eq!(
        soon(events.next()).await,
        Some(Event::Update(Update::Conversation(group(4, 1))))
    );
    assert_eq!(
        soon(events.next()).await,
        Some(Event::Update(Update::Removed {
            conversation: ConversationId::new(4),
            last: MsgId::new(2)
        }))
    );
    let (next, ()) = soon(async { tokio::join!(events.next(), client.close()) }).await;
    assert_eq!(next, None);
}
