//! Sends a file to a conversation and shows the progress of the upload.
//!
//! `cargo run --example send_file -- account.json 17 report.pdf` with an account as `echo_bot`
//! stores it, and the number of a conversation. An interrupted upload resumes where it stopped.

use std::io::Write as _;
use std::path::Path;

use cairn_client::proto::text::{Caption, MediaType};
use cairn_client::{Account, Attachment, Client, ConversationId, Progress, Reconnect, Step};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [account, id, path] = arguments.as_slice() else {
        return Err("usage: send_file ACCOUNT-FILE CONVERSATION FILE".into());
    };
    let account: Account = serde_json::from_slice(&std::fs::read(account)?)?;
    let path = Path::new(path);
    let name = path.file_name().and_then(|name| name.to_str());

    // Nothing is received, so without pushes; and a command had better fail than wait.
    let client = Client::builder()
        .push(false)
        .reconnect(Reconnect::Never)
        .connect(&account)
        .await?;
    let uploaded = client.upload_file(path, show).await?;
    let file = Attachment {
        hash: uploaded.hash,
        name: name.ok_or("the file has no name")?.parse()?,
        media_type: MediaType::new("application/octet-stream")?,
        size_bytes: uploaded.size_bytes,
        caption: Caption::new("")?,
    };
    let conversation = client.conversation(ConversationId::new(id.parse()?));
    let msgid = conversation.send(file).await?;
    writeln!(std::io::stdout(), "sent as message {msgid}")?;
    client.close().await;
    Ok(())
}

/// Called for each chunk, first while the file is hashed and then while it is sent.
fn show(progress: Progress) {
    let step = match progress.step {
        Step::Reading => "reading",
        Step::Moving => "sending",
    };
    let percent = 100 * progress.done_bytes / progress.total_bytes.max(1);
    let _ = writeln!(std::io::stdout(), "{step} {percent}%");
}
