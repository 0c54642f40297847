//! Requests that members are refused, and sessions of removed members.

use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::{
    IMPORT_ENTRIES_MAX, INVITE_LIFE_MAX, INVITE_USES_MAX, USERS_PER_REQUEST_MAX,
};
use cairn_client::proto::model::group::{GroupSettings, Role};
use cairn_client::proto::text::GroupName;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, GetGroup, HandOver, JoinGroup, ListBanned, ListMembers,
    MuteMember, RemoveMembers, RenameGroup, SetGroupSettings, SetRole, Unban,
};
use cairn_client::proto::wire::request::message::{GetImportCursor, Import, ImportEntry, Imported};
use cairn_client::proto::wire::request::people::GetUsers;
use cairn_client::proto::wire::request::reading::{Ack, Explain, MarkRead};
use cairn_client::proto::wire::request::session::{CreateInvite, GetMetrics, Pull, PullRange};
use cairn_client::proto::wire::request::{Answer, Request};
use tokio::time::timeout;

use crate::hostile::raw::{PATIENCE, Raw, Stream};
use crate::hostile::{Stage, group, text};

const NOBODY: UserId = UserId::new(999_999);

/// Moderation requests that even an owner is refused, and their error codes.
fn keeping_order(
    team: ConversationId,
    direct: ConversationId,
    ada: UserId,
    bob: UserId,
) -> Vec<(Request, ErrorCode)> {
    vec![
        (
            Request::from(Ban {
                conversation: team,
                users: vec![bob; USERS_PER_REQUEST_MAX + 1],
            }),
            ErrorCode::BadRequest,
        ),
        (
            Request::from(Unban {
                conversation: team,
                users: vec![bob; USERS_PER_REQUEST_MAX + 1],
            }),
            ErrorCode::BadRequest,
        ),
        (
            Request::from(Ban {
                conversation: team,
                users: vec![NOBODY],
            }),
            ErrorCode::NoSuchUser,
        ),
        (
            Request::from(Ban {
                conversation: team,
                users: vec![bob, ada],
            }),
            ErrorCode::Forbidden,
        ),
        (
            Request::from(Ban {
                conversation: direct,
                users: vec![bob],
            }),
            ErrorCode::Forbidden,
        ),
        (
            Request::from(SetRole {
                conversation: team,
                user: NOBODY,
                role: Role::Admin,
            }),
            ErrorCode::NoMember,
        ),
        (
            Request::from(SetRole {
                conversation: team,
                user: ada,
                role: Role::Member,
            }),
            ErrorCode::LastOwner,
        ),
        (
            Request::from(HandOver {
                conversation: team,
                user: NOBODY,
            }),
            ErrorCode::NoMember,
        ),
        (
            Request::from(HandOver {
                conversation: team,
                user: ada,
            }),
            ErrorCode::BadRequest,
        ),
        (
            Request::from(MuteMember {
                conversation: team,
                user: ada,
                until: Timestamp::new(u64::MAX),
            }),
            ErrorCode::Forbidden,
        ),
        (
            Request::from(JoinGroup {
                conversation: direct,
            }),
            ErrorCode::Forbidden,
        ),
        (
            Request::from(GetGroup {
                conversation: direct,
            }),
            ErrorCode::Forbidden,
        ),
    ]
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
async fn roles_and_bounds_of_groups_hold() {
    let mut stage = Stage::set().await;
    let (ada, ada_account) = stage.user("ada").await;
    let (bob, bob_account) = stage.user("bob").await;
    let team = group(&ada, "team", &[bob_account.user]).await;
    let direct = ConversationId::direct(ada_account.user, bob_account.user).unwrap();
    bob.conversation(direct)
        .send(text("just us"))
        .await
        .unwrap();
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let (ada, bob) = (ada_account.user, bob_account.user);
            let add = |conversation, users| {
                Request::from(AddMembers {
                    conversation,
                    users,
                })
            };
            let remove = |conversation, users| {
                Request::from(RemoveMembers {
                    conversation,
                    users,
                })
            };
            let create = |members| {
                Request::from(CreateGroup {
                    name: GroupName::new("new").unwrap(),
                    members,
                })
            };
            let too_many = vec![bob; USERS_PER_REQUEST_MAX + 1];

            let mut owner = Raw::log_in(server, &ada_account).await;
            for (request, code) in [
                (add(team, too_many.clone()), ErrorCode::BadRequest),
                (remove(team, too_many.clone()), ErrorCode::BadRequest),
                (create(too_many), ErrorCode::BadRequest),
                (
                    Request::from(GetUsers {
                        ids: vec![bob; USERS_PER_REQUEST_MAX + 1],
                    }),
                    ErrorCode::BadRequest,
                ),
                (add(team, vec![bob, NOBODY]), ErrorCode::NoSuchUser),
                (add(team, vec![UserId::SERVER]), ErrorCode::NoSuchUser),
                (create(vec![NOBODY]), ErrorCode::NoSuchUser),
                (remove(team, vec![ada]), ErrorCode::LastOwner),
                (remove(team, vec![bob, ada]), ErrorCode::LastOwner),
                (add(direct, vec![bob]), ErrorCode::Forbidden),
                (remove(direct, vec![ada]), ErrorCode::Forbidden),
            ]
            .into_iter()
            .chain(keeping_order(team, direct, ada, bob))
            {
                assert_eq!(
                    owner.ask_any(request.clone()).await,
                    Err(code),
                    "{request:?}"
                );
            }
            assert_eq!(
                owner
                    .ask_any(add(team, vec![bob; USERS_PER_REQUEST_MAX]))
                    .await,
                Ok(Answer::to::<AddMembers>(&0))
            );
            assert_eq!(
                owner.ask_any(remove(team, vec![NOBODY])).await,
                Ok(Answer::to::<RemoveMembers>(&0))
            );

            let mut member = Raw::log_in(server, &bob_account).await;
            for request in [
                add(team, vec![bob]),
                remove(team, vec![ada]),
                Request::from(Import {
                    conversation: team,
                    source: ImportSource::new(1),
                    first: 0,
                    entries: Vec::new(),
                }),
                Request::from(GetImportCursor {
                    conversation: team,
                    source: ImportSource::new(1),
                }),
                Request::from(Explain {
                    conversation: team,
                    user: ada,
                }),
                Request::from(CreateInvite {
                    uses: 1,
                    life_seconds: 60,
                }),
                Request::from(GetMetrics),
                Request::from(RenameGroup {
                    conversation: team,
                    name: GroupName::new("mine").unwrap(),
                }),
                Request::from(SetGroupSettings {
                    conversation: team,
                    settings: GroupSettings::default(),
                }),
                Request::from(SetRole {
                    conversation: team,
                    user: bob,
                    role: Role::Owner,
                }),
                Request::from(Ban {
                    conversation: team,
                    users: vec![ada],
                }),
                Request::from(Unban {
                    conversation: team,
                    users: vec![ada],
                }),
                Request::from(ListBanned { conversation: team }),
                Request::from(MuteMember {
                    conversation: team,
                    user: ada,
                    until: Timestamp::new(u64::MAX),
                }),
            ] {
                assert_eq!(
                    member.ask_any(request.clone()).await,
                    Err(ErrorCode::Forbidden),
                    "{request:?}"
                );
            }
        })
        .await;
    assert_eq!(ada.conversation(team).members().await.unwrap().len(), 2);
    assert_eq!(
        ada.conversations().list().await.unwrap().len(),
        2,
        "no group was made"
    );
}

#[tokio::test]
async fn bounds_of_invites_and_imports_hold() {
    let mut stage = Stage::set().await;
    let account = stage.owner_account.clone();
    let team = group(&stage.owner, "archive", &[]).await;
    let server = stage.server.addr;
    let entry = ImportEntry {
        sender: cairn_client::proto::text::UserName::new("old-timer").unwrap(),
        sent_at: cairn_client::proto::ids::Timestamp::new(1),
        body: text("x"),
    };
    stage
        .meanwhile(async {
            let mut owner = Raw::log_in(server, &account).await;
            let life_max = INVITE_LIFE_MAX.as_secs();
            for (uses, life_seconds) in [
                (0, 60),
                (INVITE_USES_MAX + 1, 60),
                (u32::MAX, 60),
                (1, 0),
                (1, life_max + 1),
                (1, u64::MAX),
            ] {
                let answer = owner.ask(CreateInvite { uses, life_seconds }).await;
                assert_eq!(
                    answer,
                    Err(ErrorCode::BadRequest),
                    "{uses} uses, {life_seconds} s"
                );
            }
            let import = |first, count| {
                let entries = vec![entry.clone(); count];
                Request::from(Import {
                    conversation: team,
                    source: ImportSource::new(1),
                    first,
                    entries,
                })
            };
            assert_eq!(
                owner.ask_any(import(0, IMPORT_ENTRIES_MAX + 1)).await,
                Err(ErrorCode::BadRequest)
            );
            assert_eq!(owner.ask_any(import(1, 1)).await, Err(ErrorCode::ImportGap));
            assert_eq!(
                owner.ask_any(import(u64::MAX, 1)).await,
                Err(ErrorCode::BadRequest)
            );
            assert_eq!(
                owner.ask_any(import(0, 2)).await,
                Ok(Answer::to::<Import>(&Imported {
                    added: 2,
                    users: 1,
                    cursor: 2
                }))
            );
            assert_eq!(
                owner.ask_any(import(0, 2)).await,
                Ok(Answer::to::<Import>(&Imported {
                    added: 0,
                    users: 0,
                    cursor: 2
                }))
            );
        })
        .await;
}

/// A removed member receives entries up to their removal and nothing after it, by pull or by push,
/// also on a connection that was open before.
#[tokio::test]
async fn removed_member_receives_nothing() {
    let mut stage = Stage::set().await;
    let (ada, _) = stage.user("ada").await;
    let eve = stage.account("eve").await;
    let team = group(&ada, "team", &[eve.user]).await;
    let other = group(&ada, "other", &[eve.user]).await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let (mut raw, _) = Raw::log_in_with(server, &eve, true).await;
            let mut timeline = raw.timeline().await;
            let heard = ada.conversation(team).send(text("for all")).await.unwrap();
            until_pushed(&mut timeline, team, heard).await;
            assert!(raw.ask_any(pull(team)).await.is_ok());

            assert_eq!(
                ada.conversation(team)
                    .remove_members(vec![eve.user])
                    .await
                    .unwrap(),
                1
            );
            let secret = ada.conversation(team).send(text("canary")).await.unwrap();
            for request in [
                pull(team),
                Request::from(Ack {
                    conversation: team,
                    msgid: heard,
                }),
                Request::from(MarkRead {
                    conversation: team,
                    msgid: heard,
                }),
                Request::from(ListMembers {
                    conversation: team,
                    after: None,
                }),
            ] {
                assert_eq!(
                    raw.ask_any(request.clone()).await,
                    Err(ErrorCode::NotFound),
                    "{request:?}"
                );
            }
            assert_eq!(
                raw.send(team, 1, text("still here")).await,
                Err(ErrorCode::NotFound)
            );
            // Pushes arrive in order: once the marker arrives, everything sent before it would have
            // arrived.
            let marker = ada.conversation(other).send(text("marker")).await.unwrap();
            let before = until_pushed(&mut timeline, other, marker).await;
            let ends: Vec<_> = before
                .iter()
                .filter(|news| matches!(news, TimelineFrame::Update(Update::Removed { .. })))
                .collect();
            assert_eq!(
                ends,
                [&TimelineFrame::Update(Update::Removed {
                    conversation: team,
                    last: heard.next()
                })]
            );
            for news in &before {
                if let TimelineFrame::Run(run) = news
                    && run.conversation == team
                {
                    assert!(run.last() < secret, "{run:?}");
                }
            }

            // After rejoining, the user is pushed new entries again.
            ada.conversation(team)
                .add_members(vec![eve.user])
                .await
                .unwrap();
            let after = ada
                .conversation(team)
                .send(text("welcome back"))
                .await
                .unwrap();
            until_pushed(&mut timeline, team, after).await;
        })
        .await;
}

fn pull(conversation: ConversationId) -> Request {
    Request::from(Pull {
        conversation,
        range: PullRange::From(MsgId::new(1)),
        limit: 500,
    })
}

/// Reads the timeline up to this entry, and returns all frames.
async fn until_pushed(
    timeline: &mut Stream,
    conversation: ConversationId,
    msgid: MsgId,
) -> Vec<TimelineFrame> {
    let mut all = Vec::new();
    let read = async {
        loop {
            let news = timeline.news().await;
            let is_last = matches!(&news, TimelineFrame::Run(run)
                if run.conversation == conversation && run.last() >= msgid);
            all.push(news);
            if is_last {
                return;
            }
        }
    };
    timeout(PATIENCE, read).await.expect("it is not pushed");
    all
}
