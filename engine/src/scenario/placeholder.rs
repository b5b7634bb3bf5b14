//! What stands between `{{` and `}}`: one expression of a small language.
//!
//! `vars.token`, `rand.int(1, 50)`, `data.products.id | number`, `vars.page :- 1`, `"{{"`. Names are not looked up here.

/// A placeholder: a value, what to make of it, and what to take where it is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Placeholder {
    /// What stands in its place.
    pub value: Value,
    /// How it is written there, where that is not the way of the place.
    pub filter: Option<Filter>,
    /// What to take where there is no such value.
    pub default: Option<String>,
}

/// A change to how a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// As it is, without percent-encoding.
    Raw,
    /// As a number of JSON.
    Number,
    /// As text, even where it is a number.
    String,
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text in quotes, for itself.
    Literal(String),
    /// `vars.NAME`, or the name alone: a variable or a captured value.
    Variable(String),
    /// `setup.NAME`: what a step of the setup has captured.
    Setup(String),
    /// `env.NAME`: of the command line or the environment.
    Environment(String),
    /// `data.FEED.COLUMN`: of the iteration's row.
    Data {
        /// The feeder.
        feed: String,
        /// The column.
        column: String,
    },
    /// `rand.int(a, b)`: both ends included.
    Integer(i64, i64),
    /// `rand.float(a, b, decimals)`.
    Float {
        /// At least.
        from: f64,
        /// Less than.
        to: f64,
        /// Digits behind the point.
        decimals: u8,
    },
    /// `rand.choice("a", "b")`.
    Choice(Vec<String>),
    /// `rand.uuid`: version 4.
    Uuid,
    /// `rand.string(length, "alphabet")`.
    Letters {
        /// How many.
        length: u32,
        /// ASCII characters to take from.
        alphabet: String,
    },
    /// `now`, `now.unix`, `now.unix_ms`.
    Now(Moment),
    /// `iteration`: of the virtual user, or the arrival's number.
    Iteration,
    /// `vu`: the virtual user's number.
    Vu,
    /// `index`: in a repeated piece.
    Index,
    /// `repeat(times, "separator")`: begins a repeated piece.
    Repeat {
        /// How often.
        times: u32,
        /// Between two of them.
        separator: String,
    },
    /// `end`: ends a repeated piece.
    End,
}

/// How the time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `2026-12-31T23:59:59.123Z`.
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
}

impl Value {
    /// Whether it is a number by its nature.
    pub const fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Integer(..)
                | Self::Float { .. }
                | Self::Iteration
                | Self::Vu
                | Self::Index
                | Self::Now(Moment::Unix | Moment::UnixMillis)
        )
    }
}

/// The most a piece can be repeated, and the longest random text.
pub(super) const MOST: u32 = 1_000_000;
/// What random texts are made of where nothing else is said.
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const KNOWN: &str = "there are vars.NAME, setup.NAME, env.NAME, data.FEED.COLUMN, rand.int(a, b), rand.float(a, b), \
                     rand.choice(…), rand.uuid, rand.string(n), now, now.unix, now.unix_ms, iteration, vu, index, repeat(n) … end";

/// Reads what stands between the braces.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn parse(inside: &str) -> Result<Placeholder, String> {
    let mut words = Words { rest: inside };
    let value = value(&mut words)?;
    let mut placeholder = Placeholder { value, filter: None, default: None };
    loop {
        words.skip_blanks();
        if let Some(rest) = words.rest.strip_prefix(":-") {
            placeholder.default = Some(default(rest.trim()));
            return Ok(placeholder);
        }
        if words.rest.is_empty() {
            return Ok(placeholder);
        }
        if !words.take('|') {
            return Err(format!(
                "`{}` cannot follow: a placeholder is one value, such as `vars.token`",
                words.rest.trim()
            ));
        }
        placeholder.filter = Some(match words.name() {
            "raw" => Filter::Raw,
            "number" => Filter::Number,
            "string" => Filter::String,
            other => return Err(format!("there is no filter `{other}`: there are raw, number and string")),
        });
    }
}

/// A default may be written in quotes, to begin or end with blanks.
fn default(text: &str) -> String {
    let mut words = Words { rest: text };
    match words.quoted() {
        Some(Ok(quoted)) if words.rest.trim().is_empty() => quoted,
        _ => text.to_owned(),
    }
}

fn value(words: &mut Words<'_>) -> Result<Value, String> {
    if let Some(literal) = words.quoted() {
        return literal.map(Value::Literal);
    }
    let path = words.path();
    let parts: Vec<&str> = path.split('.').collect();
    let arguments = words.arguments()?;
    if let Some(arguments) = &arguments
        && !matches!(parts[..], ["rand", _] | ["repeat"] | ["now", ..])
    {
        return Err(format!("`{path}` takes no arguments, not ({})", arguments.len()));
    }
    let given = Arguments { function: path, values: arguments.unwrap_or_default() };
    match parts[..] {
        ["setup", name] if !name.is_empty() => Ok(Value::Setup(name.to_owned())),
        ["env", name] if !name.is_empty() => Ok(Value::Environment(name.to_owned())),
        ["data", feed, ..] if parts.len() > 2 => {
            let column = path["data.".len() + feed.len() + 1..].to_owned();
            Ok(Value::Data { feed: feed.to_owned(), column })
        }
        ["rand", kind] => random(kind, &given),
        ["now"] => given.none().map(|()| Value::Now(Moment::Rfc3339)),
        ["now", "unix"] => given.none().map(|()| Value::Now(Moment::Unix)),
        ["now", "unix_ms"] => given.none().map(|()| Value::Now(Moment::UnixMillis)),
        ["repeat"] => repeat(&given),
        ["iteration"] => Ok(Value::Iteration),
        ["vu"] => Ok(Value::Vu),
        ["index"] => Ok(Value::Index),
        ["end"] => Ok(Value::End),
        ["vars", name] | [name] if !name.is_empty() => Ok(Value::Variable(name.to_owned())),
        [""] => Err(format!("the placeholder is empty: {KNOWN}")),
        _ => Err(format!("`{path}` is no value: {KNOWN}")),
    }
}

fn random(kind: &str, given: &Arguments<'_>) -> Result<Value, String> {
    match kind {
        "int" => {
            let [from, to] = given.exactly("rand.int(1, 50)")?;
            let (from, to) = (given.integer(from)?, given.integer(to)?);
            if from > to { Err(given.wrong("the lower number comes first")) } else { Ok(Value::Integer(from, to)) }
        }
        "float" => {
            let [from, to, decimals] = match &given.values[..] {
                [from, to] => [from, to, &Argument::Number("3".to_owned())],
                [from, to, decimals] => [from, to, decimals],
                _ => return Err(given.wrong("write `rand.float(0, 1)` or `rand.float(0, 1, 2)`")),
            };
            let (from, to, decimals) = (given.number(from)?, given.number(to)?, given.integer(decimals)?);
            let decimals = u8::try_from(decimals).ok().filter(|decimals| *decimals <= 15);
            let decimals = decimals.ok_or_else(|| given.wrong("there are 0 to 15 digits behind the point"))?;
            if from > to {
                Err(given.wrong("the lower number comes first"))
            } else {
                Ok(Value::Float { from, to, decimals })
            }
        }
        "choice" if given.values.is_empty() => Err(given.wrong("write `rand.choice(\"a\", \"b\")`")),
        "choice" => Ok(Value::Choice(given.values.iter().map(|argument| argument.text().to_owned()).collect())),
        "uuid" => given.none().map(|()| Value::Uuid),
        "string" => {
            let (length, alphabet) = match &given.values[..] {
                [length] => (length, ALPHABET),
                [length, Argument::Text(alphabet)] => (length, alphabet.as_str()),
                _ => return Err(given.wrong("write `rand.string(8)` or `rand.string(8, \"0123456789abcdef\")`")),
            };
            if alphabet.is_empty()
                || alphabet.len() > 256
                || !alphabet.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            {
                return Err(given.wrong("the alphabet is made of 1 to 256 ASCII characters"));
            }
            Ok(Value::Letters { length: given.count(length)?, alphabet: alphabet.to_owned() })
        }
        _ => Err(format!(
            "there is no `rand.{kind}`: there are rand.int, rand.float, rand.choice, rand.uuid and rand.string"
        )),
    }
}

fn repeat(given: &Arguments<'_>) -> Result<Value, String> {
    let (times, separator) = match &given.values[..] {
        [times] => (times, ""),
        [times, Argument::Text(separator)] => (times, separator.as_str()),
        _ => return Err(given.wrong("write `repeat(100, \",\")`, and `end` behind what is repeated")),
    };
    Ok(Value::Repeat { times: given.count(times)?, separator: separator.to_owned() })
}

/// An argument as it is written.
#[derive(Debug)]
enum Argument {
    Text(String),
    Number(String),
}

impl Argument {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

/// The arguments of a function.
struct Arguments<'a> {
    function: &'a str,
    values: Vec<Argument>,
}

impl Arguments<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("`{}`: {what}", self.function)
    }

    fn none(&self) -> Result<(), String> {
        if self.values.is_empty() { Ok(()) } else { Err(self.wrong("takes no arguments")) }
    }

    fn exactly<const N: usize>(&self, example: &str) -> Result<[&Argument; N], String> {
        let values: Vec<&Argument> = self.values.iter().collect();
        values.try_into().map_err(|_| self.wrong(&format!("write `{example}`")))
    }

    fn integer(&self, argument: &Argument) -> Result<i64, String> {
        let text = argument.text();
        text.parse().map_err(|_| self.wrong(&format!("`{text}` is no whole number")))
    }

    fn number(&self, argument: &Argument) -> Result<f64, String> {
        let text = argument.text();
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong(&format!("`{text}` is no number")))
    }

    fn count(&self, argument: &Argument) -> Result<u32, String> {
        let text = argument.text();
        let count = text.parse::<u32>().ok().filter(|count| *count <= MOST);
        count.ok_or_else(|| self.wrong(&format!("`{text}` is no number from 0 to {MOST}")))
    }
}

/// The text, word by word.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest;
        true
    }

    fn take_while(&mut self, good: impl Fn(char) -> bool) -> &'a str {
        self.skip_blanks();
        let end = self.rest.find(|c| !good(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn name(&mut self) -> &'a str {
        self.take_while(|c| c.is_alphanumeric() || c == '_')
    }

    /// Names with points between them; a name of a column may have a dash or a slash as well.
    fn path(&mut self) -> &'a str {
        self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'))
    }

    /// A text in quotes, single or double; `\` takes the sign behind it as it is.
    fn quoted(&mut self) -> Option<Result<String, String>> {
        self.skip_blanks();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let mut text = String::new();
        let mut signs = self.rest.char_indices().skip(1);
        while let Some((at, sign)) = signs.next() {
            match sign {
                '\\' => match signs.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, sign)) => text.push(sign),
                    None => break,
                },
                _ if sign == quote => {
                    self.rest = &self.rest[at + 1..];
                    return Some(Ok(text));
                }
                _ => text.push(sign),
            }
        }
        Some(Err(format!("the text {} has no closing quote", self.rest)))
    }

    /// `(a, b)`; `None` where there is no parenthesis.
    fn arguments(&mut self) -> Result<Option<Vec<Argument>>, String> {
        if !self.take('(') {
            return Ok(None);
        }
        let mut arguments = Vec::new();
        while !self.take(')') {
            if !arguments.is_empty() && !self.take(',') {
                return Err("arguments stand in parentheses, with commas between them".to_owned());
            }
            arguments.push(match self.quoted() {
                Some(text) => Argument::Text(text?),
                None => match self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')) {
                    "" => return Err("arguments are numbers, or texts in quotes, in parentheses".to_owned()),
                    number => Argument::Number(number.to_owned()),
                },
            });
        }
        Ok(Some(arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value_of(text: &str) -> Value {
        parse(text).expect(text).value
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let name = "token".to_owned();
        assert_eq!(value_of(" vars.token "), Value::Variable(name.clone()));
        assert_eq!(value_of("token"), Value::Variable(name.clone()));
        assert_eq!(value_of("setup.token"), Value::Setup(name));
        assert_eq!(value_of("env.TIER"), Value::Environment("TIER".to_owned()));
        let column = |column: &str| Value::Data { feed: "products".to_owned(), column: column.to_owned() };
        assert_eq!(value_of("data.products.id"), column("id"));
        assert_eq!(value_of("data.products./a/0.b"), column("/a/0.b"));
        assert_eq!(value_of("rand.int(-5, 50)"), Value::Integer(-5, 50));
        assert_eq!(value_of("rand.float(0,1.5)"), Value::Float { from: 0.0, to: 1.5, decimals: 3 });
        assert_eq!(value_of("rand.float( 0 , 1 , 0 )"), Value::Float { from: 0.0, to: 1.0, decimals: 0 });
        assert_eq!(
            value_of("rand.choice(\"a, b\", 'c', 5)"),
            Value::Choice(["a, b", "c", "5"].map(str::to_owned).into())
        );
        assert_eq!((value_of("rand.uuid"), value_of("rand.uuid()")), (Value::Uuid, Value::Uuid));
        assert_eq!(value_of("rand.string(3, 'ab')"), Value::Letters { length: 3, alphabet: "ab".to_owned() });
        assert_eq!(value_of("now"), Value::Now(Moment::Rfc3339));
        assert_eq!(value_of("now.unix_ms"), Value::Now(Moment::UnixMillis));
        assert_eq!(value_of("repeat(100, \",\")"), Value::Repeat { times: 100, separator: ",".to_owned() });
        assert_eq!((value_of("end"), value_of("index"), value_of("vu")), (Value::End, Value::Index, Value::Vu));
        assert_eq!(value_of("\"{{ \\\"\""), Value::Literal("{{ \"".to_owned()));
    }

    #[test]
    fn filters_and_defaults_follow() {
        let placeholder = parse("vars.page | number :- 1").expect("a placeholder");
        assert_eq!((placeholder.filter, placeholder.default.as_deref()), (Some(Filter::Number), Some("1")));
        assert_eq!(parse("env.TIER:-free | x").expect("a default").default.as_deref(), Some("free | x"));
        assert_eq!(parse("env.TIER:-\" a \"").expect("a default").default.as_deref(), Some(" a "));
        assert_eq!(parse("env.TIER :-").expect("a default").default.as_deref(), Some(""));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        for (text, wrong) in [
            ("", "empty"),
            ("rand.int(1)", "write `rand.int(1, 50)`"),
            ("rand.int(9, 1)", "the lower number comes first"),
            ("rand.int(a, b)", "no whole number"),
            ("rand.date()", "there is no `rand.date`"),
            ("rand.choice()", "write `rand.choice"),
            ("rand.string(8, 'ä')", "ASCII"),
            ("rand.float(0, 1, 99)", "0 to 15"),
            ("vars.token()", "takes no arguments"),
            ("vars", ""),
            ("vars.", "is no value"),
            ("a b", "cannot follow"),
            ("a | upper", "no filter `upper`"),
            ("\"open", "no closing quote"),
            ("repeat(5000000)", "0 to 1000000"),
            ("rand.int(1,", "arguments"),
            ("random.int", "is no value"),
        ] {
            match parse(text) {
                Err(error) => assert!(error.contains(wrong), "{text}: {error}"),
                Ok(placeholder) => assert_eq!(placeholder.value, Value::Variable(text.to_owned()), "{text}"),
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[a-z.(), |:\"'0-9\\\\-]{0,40}") {
            drop(parse(&text));
        }
    }
}
