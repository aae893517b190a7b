"""A few alert packets of Rubin, with what is needed of their schema."""

SOURCE = {
    "diaObjectId": ["null", "long"],
    "visit": "long",
    "detector": "int",
    "midpointMjdTai": "double",
    "band": ["null", "string"],
    "psfFlux": ["null", "float"],
    "psfFluxErr": ["null", "float"],
    "snr": ["null", "float"],  # one of many that are not needed
}


def source_schema(name, lost=()):
    fields = [{"name": one, "type": kind} for one, kind in SOURCE.items() if one not in lost]
    return {"type": "record", "name": name, "fields": fields}


def schema(lost=(), lost_of_source=()):
    of_source = source_schema("diaSource", lost_of_source)
    lists = {"prvDiaSources": "diaSource", "prvDiaForcedSources": source_schema("diaForcedSource")}
    fields = [{"name": "alertId", "type": "long"}, {"name": "diaSource", "type": of_source}]
    fields += [
        {"name": name, "type": ["null", {"type": "array", "items": items}], "default": None}
        for name, items in lists.items()
    ]
    return {
        "type": "record",
        "name": "alert",
        "namespace": "lsst.v11_0",
        "fields": [field for field in fields if field["name"] not in lost],
    }


def point(visit, flux, detector=1, diaObjectId=7):
    point = {"diaObjectId": diaObjectId, "visit": visit, "detector": detector, "midpointMjdTai": 6e4 + visit}
    return point | {"band": "r", "psfFlux": flux, "psfFluxErr": 1.0, "snr": flux}


def alert(source, sources=None, forced=None):
    return {"alertId": 1, "diaSource": source, "prvDiaSources": sources, "prvDiaForcedSources": forced}


ALERTS = [
    alert(
        point(3, 30.0),
        [point(1, 10.0), point(2, 20.0)],
        [point(2, 21.0), point(2, 22.0, detector=5)],
    ),
    alert(
        point(4, 40.0),
        [point(1, 10.0), point(2, 20.0), point(3, 30.0)],
        [point(0, 1.0), point(2, 21.0), point(3, 31.0)],
    ),
    alert(point(4, 99.0, diaObjectId=9)),
    alert(point(4, 5.0, diaObjectId=None), forced=[]),  # of the solar system
]
