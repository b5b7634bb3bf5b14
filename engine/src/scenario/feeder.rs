//! `[data.NAME]`: files that requests take values from.

use std::path::Path;
use std::sync::Arc;

use super::document::{Entry, Node, Table};
use super::error::{Problem, Problems};
use super::{keys, suggest};
use crate::data::{self, AtEnd, Format, Order};

/// A file that requests take values from, a row for each iteration.
#[derive(Debug, Clone)]
pub struct Feeder {
    /// Its name, unique.
    pub name: String,
    /// The file, mapped.
    pub table: Arc<data::Feeder>,
    /// Which row an iteration takes.
    pub order: Order,
    /// What happens when every row has been taken once.
    pub at_end: AtEnd,
}

/// Reads an entry of `[data]`. Files are found from `folder`, where the scenario file is.
pub(super) fn feeder(entry: &Entry, folder: &Path, problems: &mut Problems) -> Option<Feeder> {
    let place = format!("data `{}`", entry.key);
    let table = problems.keep(entry.node.table("a table with `file = \"…\"`"))?;
    table.know(&place, keys::DATA, problems);
    let format = problems.keep(table.read("format", |node| word(node, &FORMATS)));
    let order = problems.keep(table.read("order", |node| word(node, &ORDERS)));
    let at_end = problems.keep(table.read("at_end", |node| word(node, &ENDS)));
    let opened = problems.keep(open(&place, table, folder, format?));
    Some(Feeder {
        name: entry.key.clone(),
        table: opened?,
        order: order?.unwrap_or(Order::Random),
        at_end: at_end?.unwrap_or(AtEnd::Stop),
    })
}

const FORMATS: [(&str, Format); 2] = [("csv", Format::Csv), ("jsonl", Format::JsonLines)];
const ORDERS: [(&str, Order); 3] =
    [("random", Order::Random), ("sequential", Order::Sequential), ("once", Order::Once)];
const ENDS: [(&str, AtEnd); 2] = [("stop", AtEnd::Stop), ("repeat", AtEnd::Repeat)];

fn open(place: &str, table: &Table, folder: &Path, format: Option<Format>) -> Result<Arc<data::Feeder>, Problem> {
    let node = table.require(place, "file", "such as `file = \"products.csv\"`", Ok)?;
    let path = folder.join(node.str("the path of a file as a string")?);
    let format = format.or_else(|| Format::of(&path)).ok_or_else(|| {
        let problem = node.problem("the file's name does not say what is in it").expected("neither .csv nor .jsonl");
        problem.help("add `format = \"csv\"` or `format = \"jsonl\"`")
    })?;
    let opened = data::Feeder::open(&path, format);
    opened.map(Arc::new).map_err(|error| node.problem(error.to_string()).expected("this file"))
}

/// One of some words.
pub(super) fn word<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<T, Problem> {
    let expected: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let expected = format!("one of {}", expected.join(", "));
    let given = node.str(&expected)?;
    words.iter().find(|(word, _)| *word == given).map(|&(_, value)| value).ok_or_else(|| {
        let known = words.iter().map(|&(word, _)| word);
        node.problem(format!("`{given}` is not {expected}"))
            .expected("unknown word")
            .help(suggest::names(given, known, ""))
    })
}
