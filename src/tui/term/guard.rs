//! The modes of the terminal. They are restored when the guard is dropped, and before a panic is
//! reported.

use std::io::{self, Write as _, stdout};
use std::panic;
use std::sync::Once;

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};

/// Raw mode, the alternate screen, bracketed paste, reports of focus and of the mouse.
#[derive(Debug)]
pub(crate) struct Guard {
    has_mouse: bool,
    may_have_mouse: bool,
}

static HOOK: Once = Once::new();

impl Guard {
    /// Enters all modes.
    pub(crate) fn enter(has_mouse: bool) -> io::Result<Self> {
        HOOK.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                restore();
                report(info);
            }));
        });
        let guard = Self {
            has_mouse,
            may_have_mouse: has_mouse,
        };
        guard.start()?;
        Ok(guard)
    }

    fn start(&self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(
            stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            // Tells Shift+Enter from Enter. Terminals without it ignore the request.
            PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES),
        )?;
        if self.has_mouse {
            execute!(stdout(), EnableMouseCapture)?;
        }
        Ok(())
    }

    /// Reports the mouse to the client, or leaves it to the terminal as the settings may do anyway.
    pub(crate) fn set_mouse(&mut self, is_ours: bool) -> io::Result<()> {
        match is_ours {
            _ if !self.may_have_mouse => return Ok(()),
            true => execute!(stdout(), EnableMouseCapture)?,
            false => execute!(stdout(), DisableMouseCapture)?,
        }
        self.has_mouse = is_ours;
        Ok(())
    }

    /// Runs something that needs the terminal as it was before, such as an editor.
    pub(crate) fn outside<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        restore();
        let result = work();
        self.start()?;
        Ok(result)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores all modes. The terminal may be gone, so failures are ignored.
fn restore() {
    let mut out = stdout();
    let _ = execute!(
        out,
        DisableMouseCapture,
        PopKeyboardEnhancementFlags,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show,
    );
    let _ = disable_raw_mode();
    let _ = out.flush();
}
