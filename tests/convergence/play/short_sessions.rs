//! Short sessions of a device, as commands open them: enough to reach the limit of remembered send
//! streams before a retry.

use cairn_client::Error;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::packed;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, SendStreamId};
use cairn_client::proto::text::Text;

use super::super::script::{Chat, DEVICES, Seat};
use super::super::world::{Content, Sent};
use super::device::options;
use super::interpreter::{Interpreter, Outcome};

impl Interpreter {
    /// Sends a message, and retries after `between` other sessions of the device, as if the answer
    /// had been lost.
    pub(super) async fn send_again(&self, to: Chat, between: usize) -> Result<Outcome, Error> {
        let Some(to) = self.conversation(to) else {
            return Ok(Outcome::Nothing);
        };
        let (number, token) = self.world.token(self.by);
        let stream = SendStreamId::new((1 << 32) | number);
        let body = Body::Text(Text::new(&*token).unwrap());
        let msgid = self.send_on(stream, to, &body).await?;
        // Apart from the order of the device's other messages.
        let by = Seat {
            device: DEVICES + number as usize,
            ..self.by
        };
        let content = Content::New(body.clone());
        self.world
            .accepted(Sent::new(number, by, to, msgid, content));
        for _ in 0..between {
            let other = options().push(false).connect_offline(&self.account)?;
            let answer = other.conversations().unfocus().await;
            other.close().await;
            answer?;
        }
        let again = self.send_on(stream, to, &body).await?;
        assert_eq!(again, msgid, "stored twice: {token}");
        Ok(Outcome::Done)
    }

    async fn send_on(
        &self,
        stream: SendStreamId,
        to: ConversationId,
        body: &Body,
    ) -> Result<MsgId, Error> {
        let session = options().push(false).send_stream(stream);
        let session = session.connect_offline(&self.account)?;
        let content = packed::Content::new(body.clone(), Extras::NONE);
        let draft = session.conversation(to);
        let accepted = draft.enqueue_draft(ClientSeq::new(1), content).await?;
        let answer = accepted.await;
        session.close().await;
        answer
    }
}
