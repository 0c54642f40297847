//! Frames that the server writes on the session stream. The enum grows at the end only.

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;
use crate::wire::error::ErrorCode;
use crate::wire::hello::Welcome;
use crate::wire::request::Answer;

/// A frame that the server writes on the session stream. The first one is [`ServerFrame::Welcome`];
/// responses follow in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// The login succeeded.
    Welcome(Welcome),
    /// The login was refused. The connection closes.
    Refused(ErrorCode),
    /// The response to one request.
    Response(RequestId, Result<Answer, ErrorCode>),
}
