//! Bodies, extras, attachments and packed entries.

use bytes::Bytes;
use cairn_proto::content::attachment::{
    Attachment, AttachmentHash, Media, Preview, TransferFrame, Video,
};
use cairn_proto::content::body::{Amendment, Body, SystemEntry};
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::content::message::{Draft, Entry, Run};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, MsgId};
use cairn_proto::model::group::Role;
use cairn_proto::text::{Caption, EmojiName, FileName, MediaType, Text};
use cairn_proto::wire::error::ErrorCode;

use super::Samples;
use super::group::{group_settings, topic};
use super::values::{ALICE, BOB, DIRECT, GROUP, NOON, group_name, text};

pub(super) fn hash() -> AttachmentHash {
    AttachmentHash::new(std::array::from_fn(|i| i as u8))
}

fn attachment() -> Attachment {
    let name: FileName = "#1 report.pdf".parse().unwrap();
    let media_type: MediaType = "application/pdf".parse().unwrap();
    let caption = Caption::new("the numbers, 终于").unwrap();
    Attachment {
        hash: hash(),
        name,
        media_type,
        size_bytes: 1 << 33,
        caption,
    }
}

fn media() -> Media {
    Media {
        file: attachment(),
        width: 640,
        height: 65_536,
        preview: Preview::new(Bytes::from_static(&[0xff, 0xd8, 0, 1])).unwrap(),
    }
}

fn video() -> Video {
    Video {
        media: Media {
            preview: Preview::NONE,
            ..media()
        },
        duration_ms: 90_061,
    }
}

fn system_entries() -> Vec<SystemEntry> {
    vec![
        SystemEntry::Created { name: group_name() },
        SystemEntry::Added {
            users: vec![ALICE, BOB],
        },
        SystemEntry::Removed { users: vec![] },
        SystemEntry::Renamed { name: group_name() },
        SystemEntry::TopicSet { topic: topic() },
        SystemEntry::SettingsSet {
            settings: group_settings(),
        },
        SystemEntry::RoleSet {
            user: BOB,
            role: Role::Admin,
        },
        SystemEntry::HandedOver { user: BOB },
        SystemEntry::Banned {
            users: vec![ALICE, BOB],
        },
        SystemEntry::Unbanned { users: vec![BOB] },
        SystemEntry::Muted {
            user: BOB,
            until: NOON,
        },
    ]
}

fn bodies() -> Vec<Body> {
    let emoji: EmojiName = "wave".parse().unwrap();
    vec![
        text("hello, 世界\n"),
        text(""),
        Body::Emote(Text::new("waves").unwrap()),
        Body::Emoji(emoji),
        Body::from(media()),
        Body::from(video()),
        Body::from(attachment()),
        Body::System(SystemEntry::Created { name: group_name() }),
        Body::Recalled { by: BOB },
        Body::Amendment(Amendment::Recalled {
            msgid: MsgId::new(251),
        }),
    ]
}

fn amendments() -> Vec<Amendment> {
    let (msgid, text) = (MsgId::new(251), Text::new("better").ok());
    vec![
        Amendment::Edited { msgid, text },
        Amendment::Edited { msgid, text: None },
        Amendment::Recalled { msgid },
        Amendment::Reacted {
            msgid,
            emoji: reaction().emoji,
        },
        Amendment::Unreacted {
            msgid,
            emoji: reaction().emoji,
        },
        Amendment::Pinned { msgid },
        Amendment::Unpinned { msgid },
    ]
}

pub(super) fn entry(body: Body) -> Entry {
    Entry {
        sender: ALICE,
        sent_at: NOON,
        body,
        extras: Extras::NONE,
    }
}

fn extras() -> Vec<Extra> {
    vec![
        Extra::ReplyTo(MsgId::new(251)),
        Extra::Mention(BOB),
        Extra::MentionAll,
        Extra::Edited {
            at: NOON,
            entry: MsgId::new(252),
        },
        Extra::Reactions(vec![reaction()]),
        Extra::Forwarded {
            author: ALICE,
            at: NOON,
        },
        Extra::Imported { by: BOB },
    ]
}

pub(super) fn reaction() -> Reaction {
    Reaction {
        emoji: "wave".parse().unwrap(),
        users: vec![ALICE, BOB],
    }
}

fn all_extras() -> Extras {
    Extras::new(extras()).unwrap()
}

pub(super) fn run() -> Run {
    let mut entries = Vec::new();
    entry(text("one")).pack(&mut entries);
    entry(Body::System(SystemEntry::Added { users: vec![BOB] })).pack(&mut entries);
    Run {
        conversation: GROUP,
        first: MsgId::new(250),
        count: 2,
        entries: entries.into(),
    }
}

pub(super) fn draft() -> Draft {
    Draft {
        conversation: DIRECT,
        seq: ClientSeq::new(300),
        content: Content::new(text("hi"), Extras::NONE),
    }
}

pub(super) fn add_all(samples: &mut Samples) {
    add_bodies(samples);
    add_logs(samples);
}

fn add_bodies(samples: &mut Samples) {
    samples.add(vec![attachment()]);
    samples.add(vec![media()]);
    samples.add(vec![video()]);
    samples.add(vec![hash()]);
    samples.add(vec![media().preview, Preview::NONE]);
    samples.add(vec![
        TransferFrame::From(1 << 33),
        TransferFrame::Stored,
        TransferFrame::Refused(ErrorCode::WrongHash),
    ]);
    samples.add(system_entries());
    samples.add(bodies());
    samples.add(amendments());
}

fn add_logs(samples: &mut Samples) {
    samples.add(extras());
    samples.add(vec![reaction()]);
    let replying = Entry {
        extras: all_extras(),
        ..entry(text("one"))
    };
    samples.add(vec![entry(text("one")), replying.clone()]);
    samples.add_packed(vec![
        entry(text("one")),
        entry(Body::from(media())),
        entry(Body::System(SystemEntry::Added { users: vec![BOB] })),
    ]);
    samples.add_packed(vec![replying]);
    samples.add(vec![
        draft(),
        Draft {
            content: Content::new(text("hi"), all_extras()),
            ..draft()
        },
    ]);
    let empty = Run {
        conversation: DIRECT,
        first: MsgId::new(u64::MAX),
        count: 0,
        entries: Bytes::new(),
    };
    samples.add(vec![run(), empty]);
}
