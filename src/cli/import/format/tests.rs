use std::borrow::Cow;

use super::*;

/// The kind, time, nick and text of a line, as a test writes it.
fn shown(event: &Event<'_>) -> String {
    let said = |kind: &str, said: &Said<'_>| {
        let at = match said.at {
            Stamp::None => String::new(),
            Stamp::Time(time) => time.to_string(),
            Stamp::InYear(month, day, time) => format!("{month}-{day} {time}"),
            Stamp::Full(date, time) => format!("{date} {time}"),
        };
        format!("{kind} {at} {}|{}", said.nick, said.text)
    };
    match event {
        Event::Message(it) => said("message", it),
        Event::Emote(it) => said("emote", it),
        Event::EmoteOf(it) => said("emote of", it),
        Event::Day(day) => format!("day {day}"),
        Event::Session(day) => format!("session {day}"),
        Event::Notice(nick) => format!("notice {}", nick.unwrap_or("-")),
        Event::Other => "other".to_owned(),
    }
}

#[track_caller]
fn check(format: Format, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        assert_eq!(shown(&format.parse(line)), *expected, "{line:?}");
    }
}

#[test]
fn ubuntu_and_energymech() {
    check(
        Format::Ubuntu,
        &[
            ("[09:14] <will> hi there", "message 09:14:00 will|hi there"),
            (
                "[09:14] <|QuaD-> totem  xine ",
                "message 09:14:00 |QuaD-|totem  xine ",
            ),
            (
                "[23:59:10] <@oskar>   spaces",
                "message 23:59:10 oskar|  spaces",
            ),
            ("[00:00] <a> ", "message 00:00:00 a|"),
            ("[00:00] <a>", "message 00:00:00 a|"),
            (
                "[00:00] <[BTF] Chm0d> hey",
                "message 00:00:00 [BTF] Chm0d|hey",
            ),
            ("[00:00] <a> <b> c > d", "message 00:00:00 a|<b> c > d"),
            (
                "[00:00] <a> \u{2}bold\u{2}",
                "message 00:00:00 a|\u{2}bold\u{2}",
            ),
            ("[09:14]  * will waves", "emote 09:14:00 will|waves"),
            (
                "[09:14] * will  two  spaces ",
                "emote 09:14:00 will| two  spaces ",
            ),
            ("[09:14]  * will", "emote 09:14:00 will|"),
            ("[09:14:15] *** Joins: paul (~p@host)", "notice paul"),
            ("[09:14:15] *** Quits: paul (~p@host)", "notice -"),
            ("[09:14:16] -nina- a notice", "notice -"),
            (
                "=== vassie [~v@192.0.2.7]  has joined #ubuntu",
                "notice vassie",
            ),
            ("=== vassie [~v@192.0.2.7]  has left #ubuntu []", "notice -"),
            ("=== lee is now known as lee_", "notice lee_"),
            ("=== mode/#ubuntu [+o Seveas] by ChanServ", "notice -"),
            ("=== Topic for #ubuntu: read the FAQ", "notice -"),
            ("=== Topic (#ubuntu): set by a at b", "notice -"),
            ("=== kay shrugs", "emote of  kay|shrugs"),
            ("===", "notice -"),
            ("", "other"),
            ("== almost", "other"),
            ("[09:14] ", "other"),
            ("[09:14]  *  no nick", "other"),
            ("[09:14]<a> no space", "other"),
            ("[24:00] <a> no such hour", "other"),
            ("[09:60] <a> no such minute", "other"),
            ("[9:14] <a> short", "other"),
            ("[09:14:1] <a> short", "other"),
            ("[09:14:15:16] <a> long", "other"),
            ("[09:14] <a no end", "other"),
            ("[09:14] <a>no space", "other"),
            ("09:14 <a> no brackets", "other"),
        ],
    );
}

#[test]
fn mirc() {
    check(
        Format::Mirc,
        &[
            (
                "Session Start: Sat Mar 09 23:58:00 2024",
                "session 2024-03-09",
            ),
            ("Session Ident: #lamp", "notice -"),
            ("\u{3}03[23:58] * Now talking in #lamp", "notice -"),
            ("\u{3} 03[23:58] * Now talking in #lamp", "notice -"),
            ("\u{3}06[23:58] * nina waits", "emote 23:58:00 nina|waits"),
            ("[23:58] * nina waits", "emote of 23:58:00 nina|waits"),
            ("[23:58] * paul (~p@host) has joined #lamp", "notice paul"),
            (
                "[23:59] <@oskar> \u{3}04,12coming\u{3} \u{2}bold\u{2}, \u{3}1,a\u{f}",
                "message 23:59:00 oskar|coming bold, ,a",
            ),
            ("[23:59] <oskar> \u{3}123", "message 23:59:00 oskar|3"),
            ("12:00 <a> other", "other"),
        ],
    );
}

#[test]
fn irssi() {
    check(
        Format::Irssi,
        &[
            ("--- Log opened Sat Mar 09 23:58:00 2024", "day 2024-03-09"),
            ("--- Day changed Sun Mar 10 2024", "day 2024-03-10"),
            ("--- Log closed Sun Mar 10 00:03:00 2024", "notice -"),
            (
                "23:58 < nina> the kettle is on",
                "message 23:58:00 nina|the kettle is on",
            ),
            ("23:58:59 <@oskar> coming", "message 23:58:59 oskar|coming"),
            ("23:59  * nina waits", "emote 23:59:00 nina|waits"),
            ("23:58 -!- Irssi: #lamp: Total of 3 nicks", "notice -"),
            ("00:02 -!- paul [~p@host] has joined #lamp", "notice paul"),
            ("[23:58] <nina> no", "other"),
            ("hello world", "other"),
        ],
    );
}

#[test]
fn weechat() {
    check(
        Format::Weechat,
        &[
            (
                "2024-03-09 23:58:01\tnina\tthe kettle",
                "message 2024-03-09 23:58:01 nina|the kettle",
            ),
            (
                "2024-03-09 23:59:10\t@oskar\ta\tb",
                "message 2024-03-09 23:59:10 oskar|a\tb",
            ),
            (
                "2024-03-09 23:59:12\t *\tnina waits",
                "emote 2024-03-09 23:59:12 nina|waits",
            ),
            (
                "2024-03-10 00:01:00\t-->\tpaul (~p@host) has joined #lamp",
                "notice paul",
            ),
            (
                "2024-03-10 00:02:00\t--\tMode #lamp [+o nina] by services",
                "notice -",
            ),
            ("2024-02-30 00:02:00\tnina\tno such day", "other"),
            ("nina\thello", "other"),
        ],
    );
}

#[test]
fn hexchat() {
    check(
        Format::Hexchat,
        &[
            (
                "**** BEGIN LOGGING AT Sat Mar  9 23:58:00 2024",
                "day 2024-03-09",
            ),
            (
                "**** ENDING LOGGING AT Sat Mar  9 23:59:00 2024",
                "notice -",
            ),
            (
                "Mar 09 23:58:01 <nina>\tthe kettle",
                "message 3-9 23:58:01 nina|the kettle",
            ),
            (
                "Mar 09 23:59:12 *\tnina waits",
                "emote of 3-9 23:59:12 nina|waits",
            ),
            (
                "Mar 09 23:59:12 *\tpaul (~p@host) has joined",
                "notice paul",
            ),
            ("Mar 09 23:59:12 -NickServ-\tidentify", "notice -"),
            ("Mxr 09 23:58:01 <nina>\tno such month", "other"),
        ],
    );
}

#[test]
fn texts_are_borrowed_unless_codes_are_stripped() {
    let Event::Message(said) = Format::Mirc.parse("[23:59] <a> plain") else {
        panic!("a message");
    };
    assert!(matches!(said.text, Cow::Borrowed("plain")));
}
