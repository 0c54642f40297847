//! A stream on which an attachment travels.

use bytes::BytesMut;
use cairn_proto::content::attachment::TransferFrame;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use quinn::{RecvStream, SendStream, VarInt};
use tokio::time::timeout;

use super::slots::TransferSlot;
use crate::limits;
use crate::transport::framing::FrameReader;

/// A stream on which an attachment travels.
#[derive(Debug)]
pub(crate) struct TransferStream {
    pub(super) send: SendStream,
    pub(super) recv: RecvStream,
    /// What came with the first frame.
    pub(super) received: BytesMut,
    slot: Option<TransferSlot>,
}

/// Why a transfer ends before its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The client is told why.
    Refused(ErrorCode),
    /// Nobody is there to be told, or somebody else goes on with it.
    Gone,
}

impl From<ErrorCode> for Broken {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

impl TransferStream {
    /// A stream whose first frame was read.
    #[must_use]
    pub(crate) fn of(send: SendStream, reader: FrameReader) -> Self {
        let (recv, received) = reader.into_parts();
        // It fails only for a stream that is gone, and that is noticed soon enough.
        let _ = send.set_priority(limits::TRANSFER_PRIORITY);
        Self {
            send,
            recv,
            received,
            slot: None,
        }
    }

    /// The same, on a slot of its connection.
    #[must_use]
    pub(crate) fn on(self, slot: TransferSlot) -> Self {
        Self {
            slot: Some(slot),
            ..self
        }
    }

    /// Waits for something that does not come from the client, for as long as the client waits as
    /// well.
    pub(super) async fn unless_given_up<T>(
        &self,
        what: impl Future<Output = T>,
    ) -> Result<T, Broken> {
        tokio::select! {
            done = what => Ok(done),
            _ = self.send.stopped() => Err(Broken::Gone),
        }
    }

    pub(super) async fn say(&mut self, said: TransferFrame) -> Result<(), Broken> {
        // A client that takes nothing must not hold a permit for ever.
        match timeout(
            limits::TRANSFER_SILENCE_MAX,
            self.send.write_chunk(frame::frame(&said)),
        )
        .await
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Broken::Gone),
        }
    }

    /// Says how it ended. Bytes that the client may still be sending are not wanted any more.
    pub(super) async fn end(mut self, ended: Result<(), Broken>) {
        match ended {
            Ok(()) => self.finish().await,
            Err(Broken::Refused(code)) => self.refuse(code).await,
            Err(Broken::Gone) => drop(self.send.reset(VarInt::from_u32(0))),
        }
    }

    /// Ends the stream. The quota_left that it has stays until what was written last has arrived,
    /// so that it takes none from messages.
    pub(super) async fn finish(mut self) {
        let _draining = self.slot.take().map(TransferSlot::drain);
        if self.send.finish().is_ok() {
            let _ = timeout(limits::TRANSFER_DRAIN_TIME_MAX, self.send.stopped()).await;
        }
    }

    /// Tells the client why nothing comes of it.
    pub(crate) async fn refuse(mut self, code: ErrorCode) {
        if self.say(TransferFrame::Refused(code)).await.is_ok() {
            let _ = self.send.finish();
        }
    }
}
