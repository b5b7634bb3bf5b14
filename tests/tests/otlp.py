"""What was sent by OTLP, read by OpenTelemetry's own messages: the files of a folder, each the body of a request, in the order of
their names. Prints a list of metrics: name, unit, kind, and for each point its attributes and values."""

import json
import sys
from pathlib import Path

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality


def attributes(of):
    return {pair.key: pair.value.string_value for pair in of}


def points(metric, kind):
    for point in getattr(metric, kind).data_points:
        told = {"attributes": attributes(point.attributes), "began_ns": point.start_time_unix_nano, "at_ns": point.time_unix_nano}
        if kind == "histogram":
            told |= {"count": point.count, "sum": point.sum, "buckets": list(point.bucket_counts), "bounds": list(point.explicit_bounds)}
        else:
            told |= {"value": point.as_double}
        yield told


def metrics(body):
    request = ExportMetricsServiceRequest.FromString(body)
    for of_resource in request.resource_metrics:
        for metric in (metric for scope in of_resource.scope_metrics for metric in scope.metrics):
            kind = metric.WhichOneof("data")
            if kind != "gauge":
                temporality = getattr(metric, kind).aggregation_temporality
                assert temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE, metric
            assert kind != "sum" or metric.sum.is_monotonic, metric
            yield {
                "resource": attributes(of_resource.resource.attributes),
                "name": metric.name,
                "unit": metric.unit,
                "kind": kind,
                "points": list(points(metric, kind)),
            }


bodies = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
print(json.dumps([metric for body in bodies for metric in metrics(body)]))
