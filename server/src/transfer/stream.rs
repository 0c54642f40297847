//! A stream on which an attachment travels.

use bytes::BytesMut;
use cairn_proto::content::attachment::TransferFrame;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use tokio::time::timeout;

use super::slots::TransferSlot;
use crate::limits;
use crate::transport::framing::FrameReader;
use crate::transport::{RecvStream, SendStream};

#[derive(Debug)]
pub(crate) struct TransferStream {
    pub(super) send: SendStream,
    pub(super) recv: RecvStream,
    /// Bytes received after the first frame.
    pub(super) received: BytesMut,
    slot: Option<TransferSlot>,
}

/// Why a transfer ends early.
#[derive(Debug)]
pub(super) enum Aborted {
    /// The client gets the reason.
    Refused(ErrorCode),
    /// The client is gone, or another connection continues the upload.
    Gone,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// It had an answer, which may be a refusal.
    Completed,
    /// Its client gave it up, or asked for more than it may have at once.
    Abandoned,
}

impl From<ErrorCode> for Aborted {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

impl TransferStream {
    /// Creates the stream from one whose first frame was read.
    #[must_use]
    pub(crate) fn of(send: SendStream, reader: FrameReader) -> Self {
        let (recv, received) = reader.into_parts();
        send.yield_to_others();
        Self {
            send,
            recv,
            received,
            slot: None,
        }
    }

    /// Assigns a slot of the connection.
    #[must_use]
    pub(crate) fn on(self, slot: TransferSlot) -> Self {
        Self {
            slot: Some(slot),
            ..self
        }
    }

    /// Waits for `what`, or until the client gives up.
    pub(super) async fn unless_cancelled<T>(
        &self,
        what: impl Future<Output = T>,
    ) -> Result<T, Aborted> {
        tokio::select! {
            biased;
            done = what => Ok(done),
            () = self.send.stopped() => Err(Aborted::Gone),
        }
    }

    pub(super) async fn send_frame(&mut self, said: TransferFrame) -> Result<(), Aborted> {
        // A client that reads nothing must not hold a permit forever.
        match timeout(
            limits::TRANSFER_SILENCE_MAX,
            self.send.write(frame::frame(&said)),
        )
        .await
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Aborted::Gone),
        }
    }

    /// Ends the stream with its outcome. Bytes still arriving are discarded.
    pub(super) async fn end(mut self, ended: Result<(), Aborted>) -> Served {
        match ended {
            Ok(()) => self.finish().await,
            Err(Aborted::Refused(code)) => self.refuse(code).await,
            Err(Aborted::Gone) => {
                self.send.reset();
                return Served::Abandoned;
            }
        }
        Served::Completed
    }

    /// Ends the stream. Its window is kept until the last bytes arrived, so that they take nothing
    /// from messages.
    pub(super) async fn finish(self) {
        self.finish_unless(std::future::pending()).await;
    }

    /// Like [`TransferStream::finish`], but discards unread bytes once `revoked` resolves.
    pub(super) async fn finish_unless(mut self, revoked: impl Future<Output = ()>) {
        let _draining = self.slot.take().map(TransferSlot::drain);
        if self.send.finish().is_ok() {
            tokio::select! {
                biased;
                () = revoked => self.send.reset(),
                _ = timeout(limits::TRANSFER_DRAIN_TIME_MAX, self.send.stopped()) => {}
            }
        }
    }

    /// Refuses the transfer.
    pub(crate) async fn refuse(mut self, code: ErrorCode) {
        if self.send_frame(TransferFrame::Refused(code)).await.is_ok() {
            let _ = self.send.finish();
        }
    }
}
