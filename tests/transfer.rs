//! Everything goes into an archive and comes back out of it as it was; what is wrong with one is found before anything
//! is written.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use tincan::model::UserId;
use tincan::transfer::{TransferError, check, export, import};

use crate::support::app::PATIENCE;
use crate::support::copies::{Unwatched, are_alike, furnish, open, to_fill};
use crate::support::process::Workplace;
use crate::support::sample::{fill, message, stored_room};
use crate::support::settings::settings;

#[tokio::test]
async fn everything_comes_back_out_of_an_archive() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let source = open(&place.path().join("one")).await;
    let furnished = furnish(&source).await;
    let exported = export(&source, &archive, &mut Unwatched).await.unwrap();
    assert_eq!(
        (exported.users.count, exported.rooms.count, exported.messages.count, exported.calls.count),
        (2, 4, 3006, 2)
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&archive).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "it holds password hashes");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2, "nothing half-written stays");

    let directory = place.path().join("two");
    let target = to_fill(&directory).await;
    assert_eq!(import(&archive, &target, "two", &mut Unwatched).await.unwrap(), exported);
    target.close().await;
    are_alike(&source, &open(&directory).await, &furnished).await;
}

#[tokio::test]
async fn an_export_is_of_one_state_while_others_write() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let source = open(&place.path().join("one")).await;
    let room = stored_room(&source, "room").await.id;
    fill(&source, room, 5000).await;
    let writing = tokio::spawn({
        let source = Arc::clone(&source);
        async move {
            for number in 0.. {
                if source.append_messages(room, vec![message(UserId::new(), "meanwhile")]).await.is_err() {
                    return number;
                }
                stored_room(&source, &format!("room {number}")).await;
            }
            0
        }
    });
    let exported = export(&source, &archive, &mut Unwatched).await.unwrap();
    writing.abort();
    assert!(exported.messages.count >= 5000);
    let target = to_fill(&place.path().join("two")).await;
    assert_eq!(import(&archive, &target, "two", &mut Unwatched).await.unwrap(), exported);
}

#[tokio::test]
async fn a_damaged_or_newer_archive_is_refused_before_anything_is_written() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let source = open(&place.path().join("one")).await;
    furnish(&source).await;
    export(&source, &archive, &mut Unwatched).await.unwrap();
    let whole = std::fs::read(&archive).unwrap();
    let plain = {
        let mut text = String::new();
        GzDecoder::new(&whole[..]).read_to_string(&mut text).unwrap();
        text
    };
    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let without_a_line = plain.lines().enumerate().filter(|(number, _)| *number != 100).map(|(_, line)| line);
    let mut bad = vec![
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        Vec::new(),
        b"something else".to_vec(),
        packed(&plain.replacen("\u{92e}", "\u{92f}", 1)),
        packed(&without_a_line.collect::<Vec<_>>().join("\n")),
        packed(&format!("{plain}{plain}")),
        packed(plain.trim_end()),
    ];
    bad.extend((0..40).map(|part| {
        let mut flipped = whole.clone();
        flipped[10 + part * (whole.len() - 11) / 40] ^= 0x10;
        flipped
    }));
    let directory = place.path().join("two");
    for (number, bytes) in bad.iter().enumerate() {
        std::fs::write(&archive, bytes).unwrap();
        let refused = check(&archive).await;
        assert!(matches!(refused, Err(TransferError::Damaged { .. })), "{number}: {refused:?}");
        if number == 0 {
            let target = to_fill(&directory).await;
            let refused = import(&archive, &target, "two", &mut Unwatched).await;
            assert!(matches!(refused, Err(TransferError::Damaged { .. })), "{refused:?}");
            target.close().await;
            let untouched = open(&directory).await;
            assert!(untouched.rooms().await.unwrap().is_empty());
            assert!(untouched.dump_users(None, 9).await.unwrap().is_empty());
        }
    }
    std::fs::write(&archive, packed(&plain.replacen("\"tincan\":3", "\"tincan\":4", 1))).unwrap();
    let refused = check(&archive).await;
    assert!(matches!(refused, Err(TransferError::Newer { found: 4, known: 3, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_store_with_something_in_it_is_never_filled() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let source = open(&place.path().join("one")).await;
    furnish(&source).await;
    export(&source, &archive, &mut Unwatched).await.unwrap();
    let other = open(&place.path().join("two")).await;
    let room = stored_room(&other, "mine").await;
    let refused = import(&archive, &other, "two", &mut Unwatched).await;
    assert!(matches!(refused, Err(TransferError::NotEmpty(_))), "{refused:?}");
    assert_eq!(other.rooms().await.unwrap(), [Arc::new(room)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_broke_off_is_gone_on_with() {
    let place = TempDir::new().unwrap();
    let (archive, directory) = (place.path().join("backup"), place.path().join("two"));
    let source = open(&place.path().join("one")).await;
    let furnished = furnish(&source).await;
    for number in 0..20 {
        let room = stored_room(&source, &format!("large {number}")).await.id;
        fill(&source, room, 2500).await;
    }
    let exported = export(&source, &archive, &mut Unwatched).await.unwrap();

    let target = to_fill(&directory).await;
    let importing = tokio::spawn({
        let (archive, target) = (archive.clone(), Arc::clone(&target));
        async move { import(&archive, &target, "two", &mut Unwatched).await }
    });
    let began = Instant::now();
    while target.rooms().await.unwrap().iter().all(|room| room.last_seq() < 2000) {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    importing.abort();
    assert!(importing.await.is_err(), "it was stopped in the middle");
    target.close().await;
    let refused = tincan::store::open(&settings(&directory)).await.expect_err("it is half filled").to_string();
    assert!(refused.contains("half filled") && !refused.contains('\n'), "{refused}");

    let target = to_fill(&directory).await;
    assert_eq!(import(&archive, &target, "two", &mut Unwatched).await.unwrap(), exported);
    target.close().await;
    are_alike(&source, &open(&directory).await, &furnished).await;
}

#[tokio::test]
async fn the_command_line_makes_a_backup_and_puts_it_back() {
    let workplace = Workplace::new();
    let archive = workplace.path().join("backup");
    let missing = workplace.run(&["export", "backup"]);
    assert!(missing.code == Some(1) && missing.err.contains("there is no store"), "{missing:?}");
    let source = open(&workplace.path().join("tincan-data")).await;
    let furnished = furnish(&source).await;
    source.close().await;
    drop(source);
    let exported = workplace.run(&["export", "backup"]);
    assert_eq!(
        (exported.code, exported.out.as_str()),
        (Some(0), "2 accounts, 4 rooms, 3006 messages and 2 calls are in backup\n")
    );
    let refused = workplace.run(&["import", "backup"]);
    assert!(refused.code == Some(1) && refused.err.contains("is not empty"), "{refused:?}");
    let imported = workplace.run(&["import", "backup", "--data-dir", "other"]);
    assert!(imported.code == Some(0) && imported.out.contains("the checksums agree"), "{imported:?}");
    let (one, other) = (workplace.path().join("tincan-data"), workplace.path().join("other"));
    are_alike(&open(&one).await, &open(&other).await, &furnished).await;

    std::fs::write(&archive, "nothing").unwrap();
    let refused = workplace.run(&["import", "backup", "--data-dir", "third"]);
    assert!(refused.code == Some(1) && refused.err.contains("is damaged"), "{refused:?}");
    assert!(!workplace.path().join("third/store").exists());
}

#[tokio::test]
async fn a_backup_is_made_while_the_server_runs() {
    let workplace = Workplace::new();
    let data = workplace.path().join("tincan-data");
    let source = open(&data).await;
    furnish(&source).await;
    source.close().await;
    drop(source);
    let server = workplace.serve(&[]);
    let exported = workplace.run(&["export", "backup"]);
    assert_eq!(
        (exported.code, exported.out.as_str()),
        (Some(0), "2 accounts, 4 rooms, 3006 messages and 2 calls are in backup\n"),
        "{exported:?}"
    );
    assert_eq!(server.stop().code, Some(0));
    assert!(!data.join("tincan.sock").exists());
    let imported = workplace.run(&["import", "backup", "--data-dir", "other"]);
    assert!(imported.code == Some(0) && imported.out.contains("the checksums agree"), "{imported:?}");
}
