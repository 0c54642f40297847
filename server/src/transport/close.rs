//! Closing a connection with a close code.

use cairn_proto::wire::close::CloseCode;
use quinn::{Connection, VarInt};

pub(crate) fn close(connection: &Connection, code: CloseCode) {
    connection.close(VarInt::from_u32(code.number()), code.text().as_bytes());
}
