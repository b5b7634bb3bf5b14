//! What the file holds: its columns, and the names of what lies beside them.

use std::collections::BTreeSet;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use runlog::manifest::Manifest;
use runlog::outcome::Failure;
use runlog::row::{COLUMNS, Column, Kind};

/// The metadata's key of `run.json`, whose text is kept as it is.
pub(super) const MANIFEST_KEY: &str = "drumfire.run.json";
/// Before the names of the samples' files in the metadata's keys; their texts are packed with zstd and written in base64.
pub(super) const SAMPLES_KEY_PREFIX: &str = "drumfire.zstd.base64.";
/// The column of the row file's place.
pub(super) const WORKER: &str = "worker";
/// Before the tags' names in the columns' names.
pub(super) const TAG_PREFIX: &str = "tag_";

/// The names of all tags of a run, in their order.
pub(super) fn tag_names(manifest: &Manifest) -> BTreeSet<&str> {
    let of_scenarios = manifest.scenarios.iter().map(|scenario| &scenario.tags);
    let of_requests = manifest.requests.iter().map(|request| &request.tags);
    let all = std::iter::once(&manifest.tags).chain(of_scenarios).chain(of_requests);
    all.flat_map(|tags| tags.keys().map(String::as_str)).collect()
}

/// The texts that the numbers of a kind stand for, in their order; `None` where they stand for themselves.
pub(super) fn words(kind: Kind, manifest: &Manifest) -> Option<Vec<&str>> {
    match kind {
        Kind::Number | Kind::Bits => None,
        Kind::Scenario => Some(manifest.scenarios.iter().map(|scenario| scenario.name.as_str()).collect()),
        Kind::Request => Some(manifest.requests.iter().map(|request| request.name.as_str()).collect()),
        Kind::Failure => Some(Failure::ALL.iter().map(|failure| failure.word()).collect()),
    }
}

/// How the values of a column lie in the file.
pub(super) const fn physical(kind: Kind) -> Physical {
    match kind {
        Kind::Number | Kind::Bits => Physical::INT64,
        Kind::Scenario | Kind::Request | Kind::Failure => Physical::BYTE_ARRAY,
    }
}

/// The columns of the file.
pub(super) fn schema(manifest: &Manifest) -> Result<TypePtr, ParquetError> {
    let mut fields = Vec::new();
    for column in COLUMNS {
        fields.push(field(column)?);
    }
    let worker = Type::primitive_type_builder(WORKER, Physical::INT64).with_repetition(Repetition::REQUIRED);
    fields.push(Arc::new(worker.build()?));
    for tag in tag_names(manifest) {
        let name = format!("{TAG_PREFIX}{tag}");
        let tag = Type::primitive_type_builder(&name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(Repetition::OPTIONAL);
        fields.push(Arc::new(tag.build()?));
    }
    Ok(Arc::new(Type::group_type_builder("rows").with_fields(fields).build()?))
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let repetition = if column.may_be_absent { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let logical = match column.kind {
        Kind::Number => None,
        Kind::Bits => Some(LogicalType::integer(64, false)),
        Kind::Scenario | Kind::Request | Kind::Failure => Some(LogicalType::String),
    };
    let builder = Type::primitive_type_builder(column.name, physical(column.kind)).with_logical_type(logical);
    Ok(Arc::new(builder.with_repetition(repetition).build()?))
}

/// How the file is written: numbers by what they differ from the one before, texts by their places in a dictionary, both
/// packed.
pub(super) fn properties(schema: &Type) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("drumfire-analyze {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    for field in schema.get_fields().iter().filter(|field| field.get_physical_type() == Physical::INT64) {
        let path = ColumnPath::from(field.name());
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}
