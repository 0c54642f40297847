//! Requests about messages.

use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::Forward;
use cairn_proto::ids::{ClientSeq, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::text::Text;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::message::{
    Edit, EditMentioning, GetImportCursor, Import, ImportEntry, Imported, ListPins, Pin, React,
    Recall, Unpin, Unreact,
};

use super::Samples;
use super::bodies::{draft, reaction};
use super::values::{DIRECT, GROUP, MESSAGE, text, user_name};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(vec![import_entry()]);
    samples.add(vec![imported()]);
    samples.add(vec![forward()]);
    add_sends(samples);
    add_amendments(samples);
    add_imports(samples);
}

fn add_sends(samples: &mut Samples) {
    samples.ask(draft(), MsgId::new(252));
    samples.ask(forward(), MsgId::new(252));
}

fn add_amendments(samples: &mut Samples) {
    let (conversation, msgid, emoji) = (GROUP, MESSAGE, reaction().emoji);
    let edit = Edit {
        conversation,
        msgid,
        text: Text::new("better").unwrap(),
    };
    let react = React {
        conversation,
        msgid,
        emoji: emoji.clone(),
    };
    let unreact = Unreact {
        conversation,
        msgid,
        emoji,
    };
    samples.ask(edit, ());
    samples.ask(
        EditMentioning {
            conversation,
            msgid,
            text: Text::new("better").unwrap(),
            mentions: Extras::new(vec![Extra::Mention(UserId::new(300)), Extra::MentionAll])
                .unwrap(),
        },
        (),
    );
    samples.ask(
        Recall {
            conversation,
            msgid,
        },
        (),
    );
    samples.ask(react, ());
    samples.ask(unreact, ());
    samples.ask(
        Pin {
            conversation,
            msgid,
        },
        (),
    );
    samples.ask(
        Unpin {
            conversation,
            msgid,
        },
        (),
    );
    let pins = List(vec![MsgId::new(17), MsgId::new(251)]);
    samples.ask(ListPins { conversation }, pins);
}

fn add_imports(samples: &mut Samples) {
    let (conversation, source) = (GROUP, ImportSource::new(0xfeed_f00d_0102_0304));
    let import = Import {
        conversation,
        source,
        first: 500,
        entries: vec![import_entry(), import_entry()],
    };
    let get_cursor = GetImportCursor {
        conversation,
        source,
    };
    samples.ask(import, imported());
    samples.ask(get_cursor, 196_146);
}

fn import_entry() -> ImportEntry {
    ImportEntry {
        sender: user_name("[gnome]^_`{|}"),
        sent_at: Timestamp::new(0),
        body: text(""),
    }
}

fn imported() -> Imported {
    Imported {
        added: 499,
        users: 7,
        cursor: 1_000,
    }
}

fn forward() -> Forward {
    Forward {
        to: DIRECT,
        seq: ClientSeq::new(4),
        from: GROUP,
        msgid: MsgId::new(251),
    }
}
