//! Receipts: who received and who read a message.

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::model::receipts::{Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState};
use cairn_proto::wire::request::reading::GetReceipts;

use crate::error::Error;
use crate::view::conversation::Conversation;

/// The receipts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipts {
    /// Everyone who was a member when the message was sent and still is, except its sender, ordered
    /// by id.
    pub who: Vec<Receipt>,
    /// The receipts, counted by state.
    pub counts: ReceiptCounts,
    /// Whether the user sees what others have read.
    pub reads: Reads,
}

/// Receipts. [`crate::Update::Receipts`] reports changes in the focused conversation
/// ([`Conversation::focus`]).
impl Conversation<'_> {
    /// Returns all receipts of a message. In very large groups, prefer
    /// [`Conversation::receipt_page`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, or with `TurnedOff` if the server has no receipts;
    /// or a [terminal error](Error#terminal-errors).
    pub async fn receipts(self, msgid: MsgId) -> Result<Receipts, Error> {
        let (mut who, mut after) = (Vec::new(), None);
        loop {
            let page = self.receipt_page(msgid, after).await?;
            who.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol("pages of receipts do not advance"));
                }
                None => {
                    let mut counts = ReceiptCounts::default();
                    who.iter().for_each(|receipt| counts.add(receipt.state));
                    return Ok(Receipts {
                        who,
                        counts,
                        reads: page.reads,
                    });
                }
            }
        }
    }

    /// Returns the page of receipts after the user `after`, or the first one.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, or with `TurnedOff` if the server has no receipts;
    /// or a [terminal error](Error#terminal-errors).
    pub async fn receipt_page(
        self,
        msgid: MsgId,
        after: Option<UserId>,
    ) -> Result<ReceiptPage, Error> {
        self.client
            .call(GetReceipts {
                conversation: self.id,
                msgid,
                after,
            })
            .await
    }

    /// Returns the state to show next to a message: the least that holds for every member. Takes
    /// one request in conversations with up to [`cairn_proto::limits::RECEIPTS_COUNTED_MAX`]
    /// members.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, or with `TurnedOff` if the server has no receipts;
    /// or a [terminal error](Error#terminal-errors).
    pub async fn ticks(self, msgid: MsgId) -> Result<ReceiptState, Error> {
        match self.receipt_page(msgid, None).await?.counts {
            Some(counts) => Ok(counts.ticks()),
            None => Ok(self.receipts(msgid).await?.counts.ticks()),
        }
    }
}
