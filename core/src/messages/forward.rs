//! Forwarding: the server copies a message into another conversation, so that its text and author
//! are genuine.

use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Forward;
use cairn_proto::content::packed::pack_content;
use cairn_proto::ids::MsgId;
use cairn_proto::wire::codec;
use cairn_proto::wire::error::ErrorCode;
use xxhash_rust::xxh3::xxh3_64;

use crate::api::actor::Actor;
use crate::command::{Context, Handle};
use crate::messages::amend::check_is_message;
use crate::messages::send::{Sending, Tried};
use crate::prefetch::Load;
use crate::record::KindRecord;
use crate::state::State;
use crate::state::send_stream::SendSlots;

impl Handle for Forward {
    type Found = SendSlots;

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) -> SendSlots {
        state.message_with_file(actor.user, self.from, self.msgid, loads);
        state.sending(actor, self.to, loads)
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_, SendSlots>,
    ) -> Result<MsgId, ErrorCode> {
        let Context {
            actor,
            found,
            now,
            batch,
        } = context;
        let Forward {
            to,
            seq,
            from,
            msgid,
        } = self;
        // The message may change between two tries; the request is what must be equal.
        let fingerprint = xxh3_64(&codec::encode(&(from, msgid))) as u32;
        let tried = state.seen(
            actor,
            &Sending {
                found,
                conversation: to,
                seq,
                fingerprint,
                extras: &Extras::NONE,
                attachment: None,
            },
        )?;
        let place = match tried {
            Tried::Accepted(msgid) => return Ok(msgid),
            Tried::Never(place) => place,
        };
        // What was said in an inquiry stays there.
        let kind = state.conversation(from).map(|found| &found.record.kind);
        if !matches!(
            kind,
            None | Some(KindRecord::Direct | KindRecord::Group { .. })
        ) {
            state.membership(actor.user, from)?;
            return Err(ErrorCode::Forbidden);
        }
        let entry = state.message(actor, from, msgid)?;
        check_is_message(&entry.body)?;
        let (author, at) = entry
            .extras
            .forwarded()
            .unwrap_or((entry.sender, entry.sent_at));
        let extras = Extras::forward_of(author, at, entry.extras.imported_by());
        let mut content = Vec::new();
        pack_content(&entry.body, &extras, &mut content);
        // Reading a message is enough to forward its attachment: `check_attachment` is skipped on
        // purpose.
        let sending = Sending {
            found,
            conversation: to,
            seq,
            fingerprint,
            extras: &extras,
            attachment: entry.body.attachment(),
        };
        state.accept(actor, &sending, place, &content, now, batch)
    }
}
