//! Requests as they are sent: bytes that are built once where nothing in them changes, and templates where something does.

use std::sync::Arc;

use runlog::row::RequestId;

use super::parts::Parts;
use super::template::Slot;
use crate::answer::{Needs, Source};
use crate::data::BodyFile;

/// A request as one step of one scenario sends it.
#[derive(Debug)]
pub struct Message {
    /// What it is in the rows.
    pub request: RequestId,
    /// The whole of it, where nothing in it changes.
    pub fixed: Option<Box<[u8]>>,
    /// What it is made of.
    pub parts: Parts,
    /// Whether an answer has no body whatever its headers say: the method is HEAD.
    pub is_head: bool,
    /// Whether the server is to ask for the body before it is sent (`Expect: 100-continue`).
    pub expects_continue: bool,
    /// A file that is sent behind it as its body.
    pub body_file: Option<Arc<BodyFile>>,
    /// Whether its line and its body stand in a trace.
    pub is_traced: bool,
    /// What of an answer is looked into.
    pub needs: Needs,
    /// What is kept of an answer.
    pub captures: Vec<Capture>,
    /// How many redirects are followed, and what those on the way are in the rows.
    pub redirects: Option<(u32, RequestId)>,
}

/// A value that is kept of an answer.
#[derive(Debug)]
pub struct Capture {
    /// Where it is found.
    pub source: Source,
    /// Where it is kept.
    pub slot: Slot,
    /// Which check of the request fails where it is not found.
    pub check: Option<u8>,
}
