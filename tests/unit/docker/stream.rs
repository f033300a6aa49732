//! The engine's interleaved outputs, in whatever pieces they come.

use bottle_docker::{Demultiplexer, Fault, Lane};
use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0];
    bytes.extend(u32::try_from(content.len()).expect("short").to_be_bytes());
    bytes.extend(content);
    bytes
}

/// Feeds bytes in pieces and joins what comes out.
fn take_apart<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let mut demultiplexer = Demultiplexer::default();
    let mut buffer = BytesMut::new();
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.put_slice(piece);
        while let Some((lane, bytes)) = demultiplexer.next(&mut buffer)? {
            match lane {
                Lane::Out => out.extend(&bytes[..]),
                Lane::Error => errors.extend(&bytes[..]),
            }
        }
    }
    Ok((out, errors))
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_outputs(
        frames in prop::collection::vec((1_u8..=2, prop::collection::vec(any::<u8>(), 0..200)), 0..20),
        size in 1_usize..64,
    ) {
        let joined = |kind| -> Vec<u8> {
            frames.iter().filter(|(k, _)| *k == kind).flat_map(|(_, content)| content.clone()).collect()
        };
        let bytes: Vec<u8> = frames.iter().flat_map(|(kind, content)| frame(*kind, content)).collect();
        let found = take_apart(bytes.chunks(size)).expect("frames");
        prop_assert_eq!(found, (joined(1), joined(2)));
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(take_apart(bytes.chunks(7)));
    }
}

#[test]
fn a_part_of_a_frame_is_handed_on_at_once() {
    let mut demultiplexer = Demultiplexer::default();
    // A guest could announce four gigabytes: nothing may wait for the whole.
    let mut buffer = BytesMut::from(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, b'x'][..]);
    let (lane, bytes) = demultiplexer
        .next(&mut buffer)
        .expect("a frame")
        .expect("a piece");
    assert_eq!((lane, &bytes[..]), (Lane::Out, &b"x"[..]));
    assert!(demultiplexer.next(&mut buffer).expect("a frame").is_none());
}

#[test]
fn an_unknown_kind_is_an_error() {
    let bytes = frame(3, b"x");
    assert!(matches!(
        take_apart(std::iter::once(&bytes[..])),
        Err(Fault::BadFrame { kind: 3 })
    ));
}
