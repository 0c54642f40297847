//! Sends: handed to the client one after another, in the order of their numbers.

use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Accepted, Client, Error};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::link::Inputs;
use crate::{Failure, Input, LocalId, Outgoing};

/// A send, or a probe.
pub(crate) struct Send {
    pub(crate) id: LocalId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: ClientSeq,
    /// `None` for a probe.
    pub(crate) what: Option<Outgoing>,
}

/// Hands over sends until the sender is dropped. At most [`crate::limits::HANDED_MAX`] come before
/// one of them is answered.
pub(crate) async fn run(client: Client, mut sends: UnboundedReceiver<Send>, inputs: Inputs) {
    let mut unanswered = JoinSet::new();
    loop {
        let send = tokio::select! {
            biased;
            send = sends.recv() => send,
            Some(_) = unanswered.join_next() => continue,
        };
        let Some(send) = send else {
            return;
        };
        let (id, is_probe) = (send.id, send.what.is_none());
        let enqueued = enqueue(&client, send).await;
        let inputs = inputs.clone();
        unanswered.spawn(async move {
            let result = match enqueued {
                Ok(accepted) => accepted.await.map_err(|error| failure(&error)),
                Err(why) => Err(why),
            };
            match (is_probe, result) {
                (false, result) => inputs.give(Input::Accepted { id, result }),
                // The next client asks again.
                (true, Err(Failure::Ended)) => {}
                (true, result) => {
                    let is_used = !result.is_err_and(is_refused_as_a_message);
                    inputs.give(Input::Probed { id, is_used });
                }
            }
        });
    }
}

async fn enqueue(client: &Client, send: Send) -> Result<Accepted, Failure> {
    let conversation = client.conversation(send.conversation);
    let Some(what) = send.what else {
        // The server looks at the number before it looks for the message, which does not exist.
        let probe = conversation.enqueue_forward(send.seq, send.conversation, MsgId::ZERO);
        return probe.await.map_err(|error| failure(&error));
    };
    let enqueued = match what {
        Outgoing::Message { body, extras } => {
            let content = Content::new(body, extras);
            conversation.enqueue_draft(send.seq, content).await
        }
        Outgoing::Forward { from, msgid } => {
            conversation.enqueue_forward(send.seq, from, msgid).await
        }
        Outgoing::File { .. } => return Err(Failure::Ended),
    };
    enqueued.map_err(|error| failure(&error))
}

/// Returns whether the server, asked with a message that does not exist, got as far as the message.
fn is_refused_as_a_message(why: Failure) -> bool {
    use ErrorCode::{Forbidden, NoSuchMessage, NotFound};
    matches!(why, Failure::Refused(NoSuchMessage | NotFound | Forbidden))
}

/// Returns why a send failed.
pub(crate) fn failure(error: &Error) -> Failure {
    match error {
        Error::Refused(code) => Failure::Refused(*code),
        Error::TooLarge { .. } | Error::InvalidText(_) => Failure::TooLong,
        // Another process uses the numbers of this stream.
        Error::SeqUsed { .. } => Failure::Refused(ErrorCode::SeqConflict),
        _ => Failure::Ended,
    }
}
