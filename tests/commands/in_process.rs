//! Commands inside an interactive client, which share its open connection and write to a buffer.

use cairn::cli::{self, Context, Failure, Format, Input, Output};
use cairn_client::Client;
use cairn_client::proto::limits::TEXT_BYTES_MAX;
use serde_json::Value;

use crate::support::{Server, invite};

/// Runs a command, and returns its output.
async fn run(
    words: &[&str],
    context: &Context<'_>,
    output: &mut Output,
) -> Result<String, Failure> {
    cli::run(words, context, output).await?;
    Ok(output.take_results())
}

#[tokio::test]
async fn commands_share_a_client_and_write_to_a_buffer() {
    let server = Server::start();
    let (client, _) = server.owner().await;
    let (_bob, account) = invite(&client, "bob").await;
    let input = Input::Memory(b"one\n\ntwo\n".to_vec());
    let context = Context::of_client(&client, account.addr, input);

    let mut people = Output::memory(Format::People);
    let created = run(&["group", "create", "team", "bob"], &context, &mut people).await;
    assert_eq!(created.unwrap(), "created #team\n");
    let sent = run(&["send", "#team", "hello"], &context, &mut people).await;
    assert_eq!(sent.unwrap(), "accepted as #team 3\n");
    let sent = run(&["send", "#team", "-"], &context, &mut people).await;
    assert_eq!(sent.unwrap(), "");
    assert_eq!(
        people.take_notes(),
        "2 messages accepted; blank lines skipped: 1\n"
    );
    let listed = run(&["list"], &context, &mut people).await.unwrap();
    assert!(listed.contains("#team"), "{listed}");
    let shown = run(&["tail", "#team"], &context, &mut people)
        .await
        .unwrap();
    assert!(
        shown.contains(": hello\n") && shown.contains(": two\n"),
        "{shown}"
    );

    let deleted = run(&["delete", "#team", "3"], &context, &mut people).await;
    assert_eq!(deleted.unwrap(), "recalled message 3\n");

    let mut json = Output::memory(Format::Json);
    let read = run(&["read", "#team"], &context, &mut json).await.unwrap();
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read["read"], 6);
    let listed = run(&["list"], &context, &mut json).await.unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        (&listed["name"], &listed["unread"]),
        (&"team".into(), &0.into())
    );
    client.close().await;
}

#[tokio::test]
async fn failures_and_help_are_returned() {
    let server = Server::start();
    let (client, account) = server.owner().await;
    let context = Context::of_client(&client, account.addr.clone(), Input::Memory(Vec::new()));
    let mut output = Output::memory(Format::People);
    for words in [
        &["sned"][..],
        &["send", "team"],
        &["read", "#nowhere"],
        &["serve", "--data", "/nowhere"],
    ] {
        assert!(
            run(words, &context, &mut output).await.is_err(),
            "{words:?}"
        );
        assert_eq!(output.take_results(), "", "{words:?}");
    }
    let help = run(&["send", "--help"], &context, &mut output).await;
    assert!(help.unwrap().contains("EXAMPLES"));
    // Commands borrow the client and do not close it.
    let whoami = run(&["whoami"], &context, &mut output).await.unwrap();
    assert!(whoami.contains(account.name.as_str()), "{whoami}");
    client.close().await;
    let again = Client::builder().connect(&account).await.unwrap();
    again.close().await;
}

#[tokio::test]
async fn input_is_sent_as_it_comes() {
    let server = Server::start();
    let (client, account) = server.owner().await;
    let mut output = Output::memory(Format::People);
    let context = |input: &[u8]| {
        let input = Input::Memory(input.to_vec());
        Context::of_client(&client, account.addr.clone(), input)
    };
    let create = ["group", "create", "builds"];
    run(&create, &context(b""), &mut output).await.unwrap();

    let mixed = b"\xef\xbb\xbfone\r\n \t\r\ntwo\rcaf\xe9\nlast";
    let lines = ["send", "#builds", "-"];
    run(&lines, &context(mixed), &mut output).await.unwrap();
    assert_eq!(
        output.take_notes(),
        "4 messages accepted; blank lines skipped: 1; \
         lines with \u{fffd} for bytes that are not UTF-8: 1\n"
    );
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    run(&lines, &context(long.as_bytes()), &mut output)
        .await
        .unwrap();
    assert_eq!(
        output.take_notes(),
        "2 messages accepted; lines split because they are too long: 1\n"
    );
    let strict = ["send", "#builds", "-", "--strict"];
    let refused = run(&strict, &context(b"before\n\xff\nafter"), &mut output).await;
    assert!(
        format!("{refused:?}").contains("line 2 is not UTF-8"),
        "{refused:?}"
    );

    let whole = ["send", "#builds", "--whole"];
    let sent = run(&whole, &context(b"fn main() {\r\n}\r\n\r\n"), &mut output).await;
    assert_eq!(sent.unwrap(), "accepted as #builds 9\n");
    for (bad, why) in [
        (long.as_bytes(), "is longer than 16384 bytes"),
        (b"\xff", "line 1 is not UTF-8"),
        (b" \n", "there is no text"),
    ] {
        let refused = run(&whole, &context(bad), &mut output).await;
        assert!(format!("{refused:?}").contains(why), "{refused:?}");
    }

    let mut json = Output::memory(Format::Json);
    let texts = run(&["tail", "#builds"], &context(b""), &mut json).await;
    let texts = texts.unwrap();
    let texts: Vec<Value> = texts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].clone())
        .filter(|text| !text.is_null())
        // The creation of the group.
        .skip(1)
        .collect();
    let (first, rest) = long.split_at(TEXT_BYTES_MAX);
    let expected = [
        "one",
        "two",
        "caf\u{fffd}",
        "last",
        first,
        rest,
        "before",
        "fn main() {\n}",
    ];
    assert!(texts == expected, "{} texts", texts.len());
}
