//! Files of expired messages: only users who could see the message get the reason.

use std::io::Cursor;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::group::{GroupSettings, JoinerHistory};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{Caption, FileName, GroupName, MediaType};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, TransferError};

use super::expired;
use crate::support::{Server, acked, invite};

async fn send(client: &Client, team: ConversationId, content: &str) -> (MsgId, Attachment) {
    let uploaded = client
        .upload(&mut Cursor::new(content), |_| {})
        .await
        .unwrap();
    let file = Attachment {
        hash: uploaded.hash,
        name: FileName::new("plan.txt").unwrap(),
        media_type: MediaType::new("text/plain").unwrap(),
        size_bytes: uploaded.size_bytes,
        caption: Caption::new("").unwrap(),
    };
    (
        client
            .conversation(team)
            .send(Body::from(file.clone()))
            .await
            .unwrap(),
        file,
    )
}

/// Downloads a file. Returns the error code of a refusal.
async fn fetched(
    client: &Client,
    team: ConversationId,
    msgid: MsgId,
    file: &Attachment,
) -> Result<(), ErrorCode> {
    let dir = tempfile::tempdir().unwrap();
    match client
        .conversation(team)
        .download(msgid, file, &dir.path().join("fetched"), |_| {})
        .await
    {
        Ok(()) => Ok(()),
        Err(TransferError::Client(Error::Refused(code))) => Err(code),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn expired_file_is_reported_only_to_members() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, _) = invite(&ada, "eve").await;
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), Vec::new())
        .await
        .unwrap();
    ada.conversation(team)
        .set_group_settings(GroupSettings {
            history: JoinerHistory::FromJoin,
            ..GroupSettings::default()
        })
        .await
        .unwrap();
    let (before, old) = send(&ada, team, "before bob came").await;
    ada.conversation(team)
        .add_members(vec![bob_account.user])
        .await
        .unwrap();
    let (after, newer) = send(&ada, team, "after bob came").await;
    assert_eq!(
        fetched(&bob, team, before, &old).await,
        Err(ErrorCode::NoSuchAttachment)
    );
    assert_eq!(fetched(&bob, team, after, &newer).await, Ok(()));

    let mut events = ada.events();
    for client in [&ada, &bob] {
        acked(client, team, after).await;
    }
    ada.conversation(team)
        .set_retention(Some(Retention::UntilAcked { cap_days: 9 }))
        .await
        .unwrap();
    assert_eq!(expired(&mut events).await, (team, after));
    let (last, newest) = send(&ada, team, "after all that").await;

    for (client, msgid, file, answer) in [
        (&ada, before, &old, Err(ErrorCode::Expired)),
        (&ada, after, &newer, Err(ErrorCode::Expired)),
        (&ada, MsgId::new(1), &newer, Err(ErrorCode::Expired)),
        (&ada, MsgId::ZERO, &newer, Err(ErrorCode::NoSuchAttachment)),
        (&ada, last, &newer, Err(ErrorCode::NoSuchAttachment)),
        (&ada, last.next(), &newest, Err(ErrorCode::NoSuchAttachment)),
        (&ada, last, &newest, Ok(())),
        (&bob, before, &old, Err(ErrorCode::NoSuchAttachment)),
        (&bob, after, &newer, Err(ErrorCode::Expired)),
        (&eve, before, &old, Err(ErrorCode::NoSuchAttachment)),
        (&eve, after, &newer, Err(ErrorCode::NoSuchAttachment)),
        (&eve, last, &newest, Err(ErrorCode::NoSuchAttachment)),
    ] {
        assert_eq!(
            fetched(client, team, msgid, file).await,
            answer,
            "{}: {msgid}",
            client.whoami().name
        );
    }
    // The answer does not depend on the hash, so it reveals nothing about former references.
    let nothing = Attachment {
        hash: AttachmentHash::new([0; 32]),
        ..newer
    };
    assert_eq!(
        fetched(&bob, team, after, &nothing).await,
        Err(ErrorCode::Expired)
    );
}
