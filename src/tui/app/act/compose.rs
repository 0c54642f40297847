//! Writing: keys of the composer, sending, drafts.

use cairn_proto::ids::Timestamp;
use cairn_session::{Aim, Command, DraftFile, What};

use crate::tui::app::act::slash::{self, Slash};
use crate::tui::app::model::state::{Mode, State};
use crate::tui::app::msg::Effect;
use crate::tui::app::update::session;
use crate::tui::compose::completion;
use crate::tui::keys::action::Action;
use crate::tui::text::words;
use crate::tui::theme::Role;

/// A changed draft is stored when nothing was typed for this long.
const DRAFT_MILLIS: u64 = 400;

impl State {
    pub(crate) fn compose_action(&mut self, action: Action, out: &mut Vec<Effect>) {
        if self.navigate(action, out) {
            return;
        }
        match action {
            Action::Send => self.send(out),
            Action::NewLine => {
                self.editor.type_char('\n');
                self.typed(out);
            }
            Action::Edit(edit) if self.editor.apply(edit) => self.typed(out),
            Action::Up => match self.composer_layout().up(&self.editor) {
                Some(caret) => self.editor.set_caret(caret),
                None if self.editor.is_empty() => self.select_last(),
                None => self.editor.set_caret(0),
            },
            Action::Down => {
                let down = self.composer_layout().down(&self.editor);
                self.editor.set_caret(down.unwrap_or(usize::MAX));
            }
            Action::Complete => completion::step(self, true, out),
            Action::CompleteBack => completion::step(self, false, out),
            Action::Cancel => self.cancel_aim(out),
            Action::ExternalEditor => {
                out.push(Effect::ExternalEditor(self.editor.text().to_owned()));
            }
            Action::Attach => {
                if self.editor.is_empty() {
                    self.editor.set_text("/send ");
                } else {
                    self.note(words::ATTACH_HINT, Role::Dim);
                }
            }
            _ => {}
        }
    }

    /// The user typed: others see it, and the draft is stored soon.
    pub(crate) fn typed(&mut self, out: &mut Vec<Effect>) {
        if let Some(id) = self.open
            && !self.editor.is_empty()
            && !self.editor.text().starts_with('/')
            && !matches!(self.aim, Aim::Edit(_))
        {
            out.push(session(Command::Typing(id)));
        }
        self.touched(out);
    }

    /// The draft changed: it is stored soon.
    pub(crate) fn touched(&mut self, _out: &mut Vec<Effect>) {
        self.draft_due = Some(Timestamp::new(self.now.get() + DRAFT_MILLIS));
    }

    /// Passes a changed draft to the session now.
    pub(crate) fn keep_draft(&mut self, out: &mut Vec<Effect>) {
        if self.draft_due.take().is_some()
            && let Some(draft) = self.draft()
        {
            out.push(session(Command::Draft(draft)));
        }
    }

    /// Stops replying or editing. An edit gives its text up.
    fn cancel_aim(&mut self, out: &mut Vec<Effect>) {
        match self.aim {
            Aim::New if self.files.is_empty() && self.settings.is_vim => self.mode = Mode::Vim,
            Aim::New if self.files.is_empty() => {}
            Aim::Edit(_) => {
                self.set_draft(None);
                self.touched(out);
            }
            _ => {
                self.aim = Aim::New;
                self.files.clear();
                self.touched(out);
            }
        }
    }

    fn send(&mut self, out: &mut Vec<Effect>) {
        let text = self.editor.text().to_owned();
        let has_file = !self.files.is_empty() || self.edits_caption();
        let is_blank = cairn_text::is_blank(&text) && !has_file;
        match slash::parse(&text) {
            Slash::Text(words) if is_blank || words.is_empty() && !has_file => {
                if matches!(self.aim, Aim::Edit(_)) {
                    self.note(words::EMPTY_EDIT, Role::Dim);
                }
            }
            Slash::Text(words) => self.send_words(words, None, out),
            Slash::Emote(words) => self.send_words(words, Some(Aim::Emote), out),
            Slash::File {
                path,
                caption,
                as_file,
            } => out.push(Effect::Attach {
                path,
                caption,
                as_file,
            }),
            Slash::Quit => self.quit(out),
            Slash::Help => {
                self.editor.take();
                let help = self.settings.bindings.help(self.world.desk.is_some());
                let pane = crate::tui::app::model::overlay::Pane::new(words::KEYS, help);
                self.overlay = Some(crate::tui::app::model::overlay::Overlay::Pane(pane));
            }
            Slash::Command(words) => match slash::refusal(&words) {
                Some(why) => self.note(why, Role::Error),
                None => {
                    self.editor.take();
                    self.touched(out);
                    self.run_command(words, out);
                }
            },
            Slash::Wrong(why) => self.note(why, Role::Error),
        }
    }

    /// Whether the caption of a file is edited. It may become empty.
    fn edits_caption(&self) -> bool {
        let Aim::Edit(msgid) = self.aim else {
            return false;
        };
        let entry = self.world.entry(msgid);
        entry.is_some_and(|entry| entry.body.attachment().is_some())
    }

    /// Sends a file that exists.
    pub(crate) fn attached(
        &mut self,
        file: Result<DraftFile, String>,
        caption: String,
        out: &mut Vec<Effect>,
    ) {
        match file {
            Ok(file) => {
                self.files.push(file);
                self.send_words(caption, None, out);
            }
            // The command stays in the composer, to correct it.
            Err(why) => self.note(why, Role::Error),
        }
    }

    fn send_words(&mut self, words: String, aim: Option<Aim>, out: &mut Vec<Effect>) {
        let Some(mut draft) = self.draft() else {
            return self.note(words::NOTHING_OPEN, Role::Error);
        };
        draft.words = words;
        if let Some(aim) = aim {
            draft.aim = aim;
        }
        self.draft_due = None;
        self.editor.take();
        self.aim = Aim::New;
        self.files.clear();
        self.mode = Mode::Write;
        // What was sent is looked at.
        if self.world.is_at_end() {
            self.scroll = crate::tui::app::model::scrolling::Scroll::End;
        }
        out.push(session(Command::Send(draft)));
    }

    /// Replies show what they answer; edits begin with the former text.
    pub(crate) fn aim_at(&mut self, aim: Aim, out: &mut Vec<Effect>) {
        if let Aim::Edit(msgid) = aim {
            let key = cairn_session::RowKey::Entry(msgid);
            if let Some(What::Message(message)) = self.world.row(key).map(|row| &row.what) {
                let text = words::text_of(&message.entry.body).to_owned();
                self.editor.set_text(&text);
            }
        }
        self.aim = aim;
        self.mode = Mode::Write;
        self.touched(out);
    }
}
