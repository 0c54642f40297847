//! Invalid names and texts, which the client's types cannot represent: too long, empty, with NUL,
//! with a path. Each is malformed in every field.

use bytes::Bytes;
use cairn_client::Client;
use cairn_client::proto::content::attachment::{Attachment, AttachmentHash, Media};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::content::picture::Picture;
use cairn_client::proto::ids::{ClientSeq, ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::{AVATAR_BYTES_MAX, FRAME_BYTES_MAX, PREVIEW_BYTES_MAX};
use cairn_client::proto::model::conversation::ConversationKind;
use cairn_client::proto::model::people::{Avatar, Profile};
use cairn_client::proto::secret::InviteToken;
use cairn_client::proto::text::{
    About, Caption, DeviceName, DisplayName, EmojiName, FileName, GroupName, MediaType,
    SettingName, SettingValue, Text, Topic, UserName,
};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::hello::{ClientFrame, Credentials};
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::group::{CreateGroup, FindGroups, RenameGroup, SetTopic};
use cairn_client::proto::wire::request::message::{Edit, Import, ImportEntry, React, Unreact};
use cairn_client::proto::wire::request::people::{FindUsers, SearchUsers, SetProfile};
use cairn_client::proto::wire::request::server::SetSetting;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::proto::wire::{codec, frame};

use crate::hostile::raw::{Raw, hello};
use crate::hostile::{Stage, group, text};

/// Placeholder that each forged frame replaces. It is valid for every type of text.
const GOOD: &str = "good-text";

/// The placeholder for pictures.
const GOOD_PICTURE: &[u8] = b"good-picture";

const LONG: &str = "a name of 10 KiB";
const NUL: &str = "na\0me";
const LINES: &str = "two\nlines";
const HIDDEN: &str = "na\u{202e}me";
const SPACED: &str = "two words";
const PATH: &str = "../../etc/passwd";

/// Invalid as a one-line name.
const LINE: &[&str] = &["", LONG, NUL, LINES, HIDDEN, " x", "x "];
/// Invalid as a single word.
const WORD: &[&str] = &["", LONG, NUL, LINES, HIDDEN, SPACED, "@x", "#x"];

/// A field on the wire, a request that contains it, and its invalid values.
type Row = (&'static str, Request, &'static [&'static str]);

/// Replaces the placeholder in encoded bytes.
fn forged(whole: &[u8], good: &[u8], bad: &[u8]) -> Vec<u8> {
    let at = whole
        .windows(good.len())
        .position(|window| window == good)
        .unwrap();
    [&whole[..at], bad, &whole[at + good.len()..]].concat()
}

fn text_of(words: &str) -> Vec<u8> {
    codec::encode(&if words == LONG {
        "x".repeat(10 * 1024)
    } else {
        words.to_owned()
    })
}

fn send(conversation: ConversationId, body: Body) -> Request {
    Request::from(Draft {
        conversation,
        seq: ClientSeq::new(1),
        content: Content::new(body, Extras::NONE),
    })
}

fn attachment(name: &str, media_type: &str, caption: &str) -> Attachment {
    let (name, media_type) = (
        FileName::new(name).unwrap(),
        MediaType::new(media_type).unwrap(),
    );
    Attachment {
        hash: AttachmentHash::new([1; 32]),
        name,
        media_type,
        size_bytes: 1,
        caption: Caption::new(caption).unwrap(),
    }
}

/// Names of users and groups, and profiles.
fn names(team: ConversationId) -> Vec<Row> {
    let prefix = GroupName::new(GOOD).unwrap();
    let user = || UserName::new(GOOD).unwrap();
    let display_name = Some(DisplayName::new(GOOD).unwrap());
    let imported = ImportEntry {
        sender: user(),
        sent_at: Timestamp::new(1),
        body: text("x"),
    };
    let import = Request::from(Import {
        conversation: team,
        source: ImportSource::new(1),
        first: 0,
        entries: vec![imported],
    });
    vec![
        (
            "a group's name",
            Request::from(CreateGroup {
                name: prefix.clone(),
                members: Vec::new(),
            }),
            LINE,
        ),
        (
            "a group's new name",
            Request::from(RenameGroup {
                conversation: team,
                name: prefix.clone(),
            }),
            LINE,
        ),
        (
            "how groups begin",
            Request::from(FindGroups {
                prefix: Some(prefix),
            }),
            LINE,
        ),
        (
            "a topic",
            Request::from(SetTopic {
                conversation: team,
                topic: Topic::new(GOOD).unwrap(),
            }),
            &[LONG, NUL, LINES, HIDDEN],
        ),
        (
            "a user's name",
            Request::from(FindUsers {
                names: vec![user()],
            }),
            WORD,
        ),
        (
            "how users begin",
            Request::from(SearchUsers {
                prefix: user(),
                after: None,
            }),
            WORD,
        ),
        ("an imported user's name", import, WORD),
        (
            "a display name",
            Request::from(SetProfile {
                profile: Profile {
                    display_name,
                    ..Profile::default()
                },
            }),
            LINE,
        ),
        (
            "what one says of oneself",
            Request::from(SetProfile {
                profile: Profile {
                    about: Some(About::new(GOOD).unwrap()),
                    ..Profile::default()
                },
            }),
            &["", LONG],
        ),
    ]
}

fn emoji(team: ConversationId) -> Vec<Row> {
    let msgid = MsgId::new(2);
    let emoji = || EmojiName::new(GOOD).unwrap();
    vec![
        (
            "a reaction",
            Request::from(React {
                conversation: team,
                msgid,
                emoji: emoji(),
            }),
            WORD,
        ),
        (
            "a reaction taken back",
            Request::from(Unreact {
                conversation: team,
                msgid,
                emoji: emoji(),
            }),
            WORD,
        ),
        ("an emoji", send(team, Body::Emoji(emoji())), WORD),
    ]
}

/// File names and media types, and server settings.
fn others(team: ConversationId) -> Vec<Row> {
    let (name, value) = (
        SettingName::new("direct-chats").unwrap(),
        SettingValue::new("friends").unwrap(),
    );
    let file =
        |name, media_type, caption| send(team, Body::from(attachment(name, media_type, caption)));
    vec![
        (
            "a file's name",
            file(GOOD, "text/plain", ""),
            &["", LONG, NUL, LINES, HIDDEN, PATH, "..\\x", "/", " x"],
        ),
        (
            "a media type",
            file("x", GOOD, ""),
            &["", LONG, NUL, LINES, HIDDEN, "image/ä", SPACED],
        ),
        ("a caption", file("x", "text/plain", GOOD), &[LONG]),
        (
            "a setting",
            Request::from(SetSetting {
                name: SettingName::new(GOOD).unwrap(),
                value,
            }),
            &["", LONG, NUL, LINES, HIDDEN, SPACED],
        ),
        (
            "a value",
            Request::from(SetSetting {
                name,
                value: SettingValue::new(GOOD).unwrap(),
            }),
            LINE,
        ),
    ]
}

/// All state that the requests could change.
async fn as_it_is(client: &Client, team: ConversationId, user: UserId) -> String {
    let page = client
        .conversation(team)
        .pull(PullRange::From(MsgId::new(1)), 500)
        .await
        .unwrap();
    let (group, conversations) = (
        client.conversation(team).group().await.unwrap(),
        client.conversations().list().await.unwrap(),
    );
    let (profile, settings) = (
        client.people().profiles(&[user]).await.unwrap(),
        client.admin().settings().await.unwrap(),
    );
    format!("{page:?} {group:?} {conversations:?} {profile:?} {settings:?}")
}

#[tokio::test]
async fn invalid_strings_are_malformed_everywhere() {
    let mut stage = Stage::set().await;
    // The owner of the server may make every request.
    let (owner, account, server) = (
        stage.owner.clone(),
        stage.owner_account.clone(),
        stage.server.addr,
    );
    let team = group(&owner, "team", &[]).await;
    owner
        .conversation(team)
        .send(text("as it was"))
        .await
        .unwrap();
    let before = as_it_is(&owner, team, account.user).await;
    let rows = [others(team), names(team), emoji(team)].concat();
    stage
        .meanwhile(async {
            for (what, request, refused) in &rows {
                let mut raw = Raw::log_in(server, &account).await;
                for words in *refused {
                    let (id, body) = raw.request(request.clone());
                    let frame = forged(&codec::encode(&body), &text_of(GOOD), &text_of(words));
                    raw.stream.write_as(frame.len(), &frame).await;
                    assert_eq!(
                        raw.answer_to(id).await,
                        Err(ErrorCode::BadRequest),
                        "{what}: {words:?}"
                    );
                }
                raw.goes_on().await;
            }
        })
        .await;
    assert_eq!(as_it_is(&owner, team, account.user).await, before);
    // The same requests are valid without the forged text.
    let mut raw = Raw::log_in(server, &account).await;
    for (what, request, _) in rows {
        let answer = raw.ask_any(request).await;
        assert!(
            matches!(
                answer,
                Ok(_) | Err(ErrorCode::NoSuchAttachment | ErrorCode::BadSetting)
            ),
            "{what}: {answer:?}"
        );
    }
}

/// Names for display are stored as they are: a path is harmless where no file is opened by it.
#[tokio::test]
async fn path_like_names_are_harmless() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, PATH, &[]).await;
    let about = About::new("\0../\0").unwrap();
    let profile = Profile {
        about: Some(about),
        display_name: Some(DisplayName::new(PATH).unwrap()),
        ..Profile::default()
    };
    let wave = EmojiName::new(PATH).unwrap();
    stage
        .meanwhile(async {
            eve.conversation(team)
                .set_topic(Topic::new(PATH).unwrap())
                .await
                .unwrap();
            eve.me().set_profile(profile.clone()).await.unwrap();
            let said = eve
                .conversation(team)
                .send(Body::Emoji(wave.clone()))
                .await
                .unwrap();
            eve.conversation(team)
                .react(said, wave.clone())
                .await
                .unwrap();
        })
        .await;
    assert_eq!(
        eve.conversations().list().await.unwrap()[0].kind,
        ConversationKind::Group {
            name: GroupName::new(PATH).unwrap()
        }
    );
    assert_eq!(
        eve.conversation(team).group().await.unwrap().topic.as_str(),
        PATH
    );
    assert_eq!(
        eve.people().profiles(&[account.user]).await.unwrap()[0].profile,
        profile
    );
    let mut files: Vec<_> = std::fs::read_dir(stage.server.data().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, ["data"], "nothing was written beside the data");
}

#[tokio::test]
async fn oversized_pictures_are_malformed() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let (team, server) = (group(&eve, "team", &[]).await, stage.server.addr);
    let preview = Picture::new(Bytes::from_static(GOOD_PICTURE)).unwrap();
    let media = Media {
        file: attachment("x", "image/png", ""),
        width: 1,
        height: 1,
        preview,
    };
    let avatar = Avatar::new(Bytes::from_static(GOOD_PICTURE)).unwrap();
    let rows = [
        (
            "a preview",
            send(team, Body::from(media)),
            PREVIEW_BYTES_MAX,
        ),
        (
            "an avatar",
            Request::from(SetProfile {
                profile: Profile {
                    avatar,
                    ..Profile::default()
                },
            }),
            AVATAR_BYTES_MAX,
        ),
    ];
    let before = as_it_is(&eve, team, account.user).await;
    stage
        .meanwhile(async {
            for (what, request, bytes_max) in rows {
                let mut raw = Raw::log_in(server, &account).await;
                let (good, picture) = (codec::encode(&Bytes::from_static(GOOD_PICTURE)), |bytes| {
                    codec::encode(&Bytes::from(vec![7; bytes]))
                });
                for bytes in [bytes_max + 1, 2 * bytes_max, FRAME_BYTES_MAX / 2] {
                    let (id, body) = raw.request(request.clone());
                    let frame = forged(&codec::encode(&body), &good, &picture(bytes));
                    raw.stream.write_as(frame.len(), &frame).await;
                    assert_eq!(
                        raw.answer_to(id).await,
                        Err(ErrorCode::BadRequest),
                        "{what} of {bytes} bytes"
                    );
                }
                raw.goes_on().await;
                let frame = forged(
                    &codec::encode(&raw.request(request).1),
                    &good,
                    &picture(1024 * 1024),
                );
                raw.stream.write_as(frame.len(), &frame).await;
                assert_eq!(
                    raw.closed().await,
                    CloseCode::FrameTooBig,
                    "{what} of 1 MiB"
                );
            }
        })
        .await;
    assert_eq!(as_it_is(&eve, team, account.user).await, before);
}

/// A malformed hello is a protocol error rather than a failed login.
#[tokio::test]
async fn invalid_names_cannot_log_in() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let login = |name: &str, device: &str| -> ClientFrame {
        let (name, device) = (
            UserName::new(name).unwrap(),
            DeviceName::new(device).unwrap(),
        );
        hello(
            Credentials::Invite {
                token: InviteToken::new([1; 16]),
                name,
                password: None,
                device,
            },
            false,
        )
    };
    stage
        .meanwhile(async {
            for (what, good, refused) in [
                ("a user's name", login(GOOD, "x"), WORD),
                ("a device's name", login("x", GOOD), LINE),
            ] {
                for &words in refused {
                    let mut raw = Raw::connect(server).await;
                    let frame = forged(&codec::encode(&good), &text_of(GOOD), &text_of(words));
                    raw.stream.write_as(frame.len(), &frame).await;
                    let code = if words == LONG {
                        CloseCode::FrameTooBig
                    } else {
                        CloseCode::Protocol
                    };
                    assert_eq!(raw.closed().await, code, "{what}: {words:?}");
                }
                let mut raw = Raw::connect(server).await;
                raw.stream.write(&frame::frame(&good)).await;
                assert_eq!(
                    raw.closed().await,
                    CloseCode::AuthFailed,
                    "{what}: there is no such invite"
                );
            }
        })
        .await;
    assert!(
        stage
            .owner
            .people()
            .find_all(vec![
                UserName::new(GOOD).unwrap(),
                UserName::new("x").unwrap()
            ])
            .await
            .unwrap()
            .is_empty()
    );
}

/// An edit is limited to the length of a text, to the byte.
#[tokio::test]
async fn edit_length_is_bounded() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let (team, server) = (group(&eve, "team", &[]).await, stage.server.addr);
    let msgid = eve
        .conversation(team)
        .send(text("as it was"))
        .await
        .unwrap();
    let request = Request::from(Edit {
        conversation: team,
        msgid,
        text: Text::new(GOOD).unwrap(),
    });
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let (id, body) = raw.request(request);
            let frame = forged(
                &codec::encode(&body),
                &text_of(GOOD),
                &codec::encode(&"x".repeat(16 * 1024 + 1)),
            );
            raw.stream.write_as(frame.len(), &frame).await;
            assert_eq!(raw.answer_to(id).await, Err(ErrorCode::BadRequest));
            raw.goes_on().await;
        })
        .await;
    assert_eq!(
        eve.conversation(team)
            .pull(PullRange::From(msgid), 1)
            .await
            .unwrap()
            .messages[0]
            .body,
        text("as it was")
    );
}
