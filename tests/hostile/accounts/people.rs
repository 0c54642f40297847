//! Invalid requests about people and settings: each is refused with its code and changes nothing.

use bytes::Bytes;
use cairn_client::proto::ids::{ConversationId, RequestId, UserId};
use cairn_client::proto::limits::{AVATAR_BYTES_MAX, PROFILES_PER_REQUEST_MAX, WATCHED_USERS_MAX};
use cairn_client::proto::model::people::{Avatar, ContactPage, Profile, RelationAct};
use cairn_client::proto::text::{SettingName, SettingValue, UserName};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::codec;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::people::{
    GetProfiles, ListContacts, Relate, SearchUsers, SetProfile,
};
use cairn_client::proto::wire::request::server::{ListSettings, SetSetting};
use cairn_client::proto::wire::request::session::Watch;
use cairn_client::proto::wire::request::{List, Request};
use cairn_client::proto::wire::typing::ClientDatagram;

use crate::hostile::Stage;
use crate::hostile::raw::Raw;

const NOBODY: UserId = UserId::new(999_999);

fn set(name: &str, value: &str) -> Request {
    Request::from(SetSetting {
        name: SettingName::new(name).unwrap(),
        value: SettingValue::new(value).unwrap(),
    })
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
async fn invalid_people_requests_change_nothing() {
    let mut stage = Stage::set().await;
    let (ada, eve) = (stage.account("ada").await, stage.account("eve").await);
    let (server, owner) = (stage.server.addr, stage.owner_account.clone());
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &eve).await;
            let all = [
                RelationAct::Follow,
                RelationAct::Unfollow,
                RelationAct::AskFriend,
                RelationAct::AcceptFriend,
                RelationAct::DeclineFriend,
                RelationAct::RemoveFriend,
                RelationAct::Block,
                RelationAct::Unblock,
            ];
            for act in all {
                for (user, code) in [
                    (eve.user, ErrorCode::BadRequest),
                    (NOBODY, ErrorCode::NoSuchUser),
                    (UserId::SERVER, ErrorCode::NoSuchUser),
                ] {
                    assert_eq!(
                        raw.ask(Relate { user, act }).await,
                        Err(code),
                        "{act:?} {user}"
                    );
                }
            }
            let accept = Request::from(Relate {
                user: ada.user,
                act: RelationAct::AcceptFriend,
            });
            assert_eq!(raw.ask_any(accept).await, Err(ErrorCode::NotAsked));
            for act in [
                RelationAct::Unfollow,
                RelationAct::DeclineFriend,
                RelationAct::RemoveFriend,
                RelationAct::Unblock,
            ] {
                assert!(
                    raw.ask(Relate {
                        user: ada.user,
                        act
                    })
                    .await
                    .is_ok()
                );
            }
            for after in [None, Some(UserId::SERVER), Some(UserId::new(u32::MAX))] {
                let nothing = ContactPage {
                    items: Vec::new(),
                    next_after: None,
                };
                assert_eq!(raw.ask(ListContacts { after }).await, Ok(nothing));
            }
            let users = |count| vec![ada.user; count];
            for (request, code) in [
                (
                    Request::from(GetProfiles {
                        users: users(PROFILES_PER_REQUEST_MAX + 1),
                    }),
                    ErrorCode::BadRequest,
                ),
                (
                    Request::from(Watch {
                        users: users(WATCHED_USERS_MAX + 1),
                    }),
                    ErrorCode::BadRequest,
                ),
                (
                    Request::from(SearchUsers {
                        prefix: UserName::new("a").unwrap(),
                        after: Some(NOBODY),
                    }),
                    ErrorCode::NoSuchUser,
                ),
            ] {
                assert_eq!(raw.ask_any(request.clone()).await, Err(code), "{request:?}");
            }
            // Unrelated users and missing users get the same answer.
            assert_eq!(
                raw.ask(Watch {
                    users: vec![ada.user, NOBODY]
                })
                .await,
                Ok(List(Vec::new()))
            );
            assert_eq!(
                raw.ask(GetProfiles {
                    users: vec![NOBODY]
                })
                .await,
                Ok(List(Vec::new()))
            );
            assert_eq!(
                raw.ask_any(set("direct-chats", "friends")).await,
                Err(ErrorCode::Forbidden)
            );
            assert_eq!(
                raw.ask_any(set("no-such-setting", "friends")).await,
                Err(ErrorCode::Forbidden)
            );

            let mut raw = Raw::log_in(server, &owner).await;
            let before = raw.ask(ListSettings).await;
            for (name, value) in [
                ("direct-chats", "nobody"),
                ("no-such-setting", "1"),
                ("contacts-max", "0"),
                ("contacts-max", "10001"),
            ] {
                assert_eq!(
                    raw.ask_any(set(name, value)).await,
                    Err(ErrorCode::BadSetting),
                    "{name} {value}"
                );
            }
            assert_eq!(raw.ask(ListSettings).await, before);
        })
        .await;
}

/// Malformed datagrams are ignored, and so are valid ones of a user who has no focus.
#[tokio::test]
async fn malformed_datagrams_are_ignored() {
    let mut stage = Stage::set().await;
    let (server, eve) = (stage.server.addr, stage.account("eve").await);
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &eve).await;
            let typing = |id| {
                codec::encode(&ClientDatagram::Typing {
                    conversation: ConversationId::new(id),
                })
            };
            let odd = [
                Vec::new(),
                vec![0],
                vec![9; 40],
                vec![0xff; 1_000],
                typing(1),
                typing(u64::MAX),
                [typing(1), vec![0]].concat(),
            ];
            for datagram in odd.iter().cycle().take(200) {
                raw.connection
                    .send_datagram(datagram.clone().into())
                    .unwrap();
            }
            raw.goes_on().await;
        })
        .await;
}

/// Malformed names of settings: 10 KiB, empty, NUL.
#[tokio::test]
async fn unknown_setting_names_are_malformed() {
    let mut stage = Stage::set().await;
    let (server, owner) = (stage.server.addr, stage.owner_account.clone());
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &owner).await;
            let request = set("direct-chats", "friends");
            let good = codec::encode(&request);
            let head = good.len() - "direct-chats".len() - 1 - "friends".len() - 1;
            let long = "x".repeat(10 * 1024);
            for (at, (name, value)) in (1..).zip([
                (&long[..], "1"),
                ("direct-chats", &long),
                ("", ""),
                ("a\0b", "1"),
                ("a", "\0"),
            ]) {
                let bytes = [
                    &[1][..],
                    &codec::encode(&RequestId::new(at)),
                    &good[..head],
                    &codec::encode(&(name, value)),
                ]
                .concat();
                raw.stream.write_as(bytes.len(), &bytes).await;
                assert_eq!(
                    raw.answer_to(RequestId::new(at)).await,
                    Err(ErrorCode::BadRequest),
                    "{}",
                    name.len()
                );
            }
        })
        .await;
}

/// A picture one byte above the limit is malformed, and one of 1 MiB exceeds the frame limit. The
/// stored profile does not change.
#[tokio::test]
async fn oversized_avatars_are_refused() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let server = stage.server.addr;
    // The server does not inspect the image format.
    let largest = Profile {
        avatar: Avatar::new(vec![0xff; AVATAR_BYTES_MAX].into()).unwrap(),
        ..Profile::default()
    };
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            assert_eq!(
                raw.ask(SetProfile {
                    profile: largest.clone()
                })
                .await,
                Ok(())
            );
            for (at, bytes) in (1..).zip([AVATAR_BYTES_MAX + 1, 64 * 1024]) {
                let id = RequestId::new(at);
                let frame = avatar_of(id, bytes);
                raw.stream.write_as(frame.len(), &frame).await;
                assert_eq!(
                    raw.answer_to(id).await,
                    Err(ErrorCode::BadRequest),
                    "{bytes}"
                );
            }
            raw.goes_on().await;
            let frame = avatar_of(RequestId::new(9), 1024 * 1024);
            raw.stream.write_as(frame.len(), &frame).await;
            assert_eq!(raw.closed().await, CloseCode::FrameTooBig);
        })
        .await;
    let all = eve.people().profiles(&[account.user]).await.unwrap();
    assert!(all.iter().all(|found| found.profile == largest) && all.len() == 1);
}

/// `Request(id, SetProfile(Profile { … }))` with an avatar that the type cannot represent.
fn avatar_of(id: RequestId, avatar_bytes: usize) -> Vec<u8> {
    let good = codec::encode(&Request::from(SetProfile {
        profile: Profile::default(),
    }));
    let head = good.len() - codec::encode(&Avatar::NONE).len();
    [
        &[1][..],
        &codec::encode(&id),
        &good[..head],
        &codec::encode(&Bytes::from(vec![0; avatar_bytes])),
    ]
    .concat()
}
