//! The keys of a request.

use super::{Key, Shape};

/// The keys of `[requests.NAME]`.
pub const REQUEST: &[Key] = &[
    Key::optional("method", Shape::Method, "\"POST\"", "The HTTP method.").or("\"GET\""),
    Key::required(
        "path",
        Shape::Path,
        "\"/api/products?page={{ rand.int(1, 50) }}\"",
        "The path, with or without a query. What a placeholder puts in is percent-encoded, unless it says `| raw`.",
    ),
    Key::optional(
        "query",
        Shape::Fields,
        "{ q = \"{{ data.words.q }}\", limit = 20 }",
        "Parameters that are appended to the path, percent-encoded.",
    ),
    Key::optional(
        "headers",
        Shape::Headers,
        "{ Authorization = \"Bearer {{ vars.token }}\" }",
        "Headers beside those that follow from the target and the body.",
    ),
    Key::optional("body", Shape::Template, "\"plain text\"", "A body that is sent as it is written."),
    Key::optional(
        "json",
        Shape::Json,
        "{ items = [{ product_id = \"{{ data.products.id }}\", quantity = 1 }] }",
        "A value that is sent as JSON, with `Content-Type: application/json`. \
         `{ \"$repeat\" = 100, \"$item\" = … }` stands for an array of 100 items.",
    ),
    Key::optional(
        "form",
        Shape::Fields,
        "{ user = \"ada\", token = \"{{ vars.token }}\" }",
        "Fields that are sent as `application/x-www-form-urlencoded`.",
    ),
    Key::optional(
        "body_file",
        Shape::File,
        "\"upload.bin\"",
        "A file that is the body, as it is and however large: it is sent from where it lies.",
    ),
    Key::optional(
        "expect_status",
        Shape::Statuses,
        "[201, 409]",
        "The statuses that do not count as failed.",
    )
    .or("\"200..399\""),
    Key::optional(
        "follow_redirects",
        Shape::Count { least: 0, most: 20 },
        "5",
        "How many redirects (301, 302, 303, 307, 308) on the same host are followed, at once. Every hop is a row; those \
         before the last have the name `NAME::redirect`.",
    )
    .or("0"),
    Key::optional(
        "checks",
        Shape::TableOf("NAME", &Shape::Check),
        "{ \"status is 200\" = \"status == 200\", \"has items\" = \"json:/items length >= 1\" }",
        "What is looked at in every answer. A check that fails is counted and fails nothing by itself: a threshold on \
         `checks` does.",
    ),
    Key::optional("tags", Shape::Tags, "{ kind = \"write\" }", "Tags of the request's rows."),
];
