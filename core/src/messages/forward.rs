//! Forwarding: the server copies a message into another conversation, so that its text and author
//! are genuine.

use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::pack_content;
use cairn_proto::ids::Timestamp;
use cairn_proto::wire::codec;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Forward;
use cairn_proto::wire::response::Response;
use xxhash_rust::xxh3::xxh3_64;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::messages::send::Sending;
use crate::state::State;

impl State {
    pub(crate) fn forward(
        &mut self,
        actor: Actor,
        forward: Forward,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let Forward {
            to,
            seq,
            from,
            msgid,
        } = forward;
        // The message may change between two tries; the request is what must be equal.
        let fingerprint = xxh3_64(&codec::encode(&(from, msgid))) as u32;
        if let Some(msgid) = self.seen(
            actor,
            &Sending {
                conversation: to,
                seq,
                fingerprint,
                extras: &Extras::NONE,
                attachment: None,
            },
        )? {
            return Ok(Response::Accepted { msgid });
        }
        let entry = self.message(actor, from, msgid)?;
        if !entry.body.is_message() {
            return Err(ErrorCode::NoSuchMessage);
        }
        let (author, at) = entry
            .extras
            .forwarded()
            .unwrap_or((entry.sender, entry.sent_at));
        let extras = Extras::forward_of(author, at);
        let mut content = Vec::new();
        pack_content(&entry.body, &extras, &mut content);
        // Reading a message is enough to forward its attachment: `check_attachment` is skipped on
        // purpose.
        let sending = Sending {
            conversation: to,
            seq,
            fingerprint,
            extras: &extras,
            attachment: entry.body.attachment(),
        };
        self.accept(actor, &sending, &content, now, batch)
    }
}
