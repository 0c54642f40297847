//! Links as they are written.

use std::fmt::{self, Write as _};

use super::{
    DESK_PATH, DeskLink, InviteLink, RESET_PATH, ResetLink, SCHEME, ServerAddr, ServerLink,
};

/// The beginning of a link to this server. Parsing a link decodes `%` escapes, so `%` is escaped.
struct Quoted<'a>(&'a ServerAddr);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        for c in self.0.to_string().chars() {
            match c {
                '%' => f.write_str("%25")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for ServerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, pin } = self;
        write!(f, "{}/#{pin}", Quoted(addr))
    }
}

impl fmt::Display for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, pin, token } = self;
        write!(f, "{}/#{pin}.{}", Quoted(addr), token.reveal())
    }
}

impl fmt::Display for ResetLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, pin, token } = self;
        let addr = Quoted(addr);
        write!(f, "{addr}/{RESET_PATH}#{pin}.{}", token.reveal())
    }
}

impl fmt::Display for DeskLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, pin, key } = self;
        let addr = Quoted(addr);
        write!(f, "{addr}/{DESK_PATH}#{pin}.{}", key.reveal())
    }
}
