//! A nearly full disk.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Error, TransferError};
use tempfile::TempDir;

use super::attachments::make_file;
use crate::support::Server;

/// The reserves exceed the free space, and four times the free space.
#[tokio::test]
async fn full_disk_refuses_files_then_messages() {
    let dir = TempDir::new().unwrap();
    let disk = rustix::fs::statvfs(dir.path()).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    let refused = |code| Error::Refused(code).to_string();
    let path = make_file(dir.path(), 6, 1000);
    for (reserve, takes_messages) in [(free * 2, true), (free * 16, false)] {
        let server = Server::start_with(&["--disk-reserve", &reserve.to_string()]);
        let (ada, _) = server.owner().await;
        let upload = ada.upload_file(&path, |_| {}).await;
        assert!(
            matches!(
                upload,
                Err(TransferError::Client(Error::Refused(ErrorCode::DiskFull)))
            ),
            "{upload:?}"
        );
        assert_eq!(
            std::fs::read_dir(server.data().join("attachments/partial"))
                .unwrap()
                .count(),
            0
        );
        let group = ada
            .conversations()
            .create_group("team".parse().unwrap(), Vec::new())
            .await;
        match takes_messages {
            true => drop(
                ada.conversation(group.unwrap())
                    .send(Body::Text("hello".parse().unwrap()))
                    .await
                    .unwrap(),
            ),
            false => assert_eq!(group.unwrap_err().to_string(), refused(ErrorCode::DiskFull)),
        }
        assert!(
            ada.conversations().list().await.is_ok(),
            "what is there can be read"
        );
    }
}
