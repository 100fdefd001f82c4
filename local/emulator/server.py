"""`python server.py PORT SMTP_PORT`: ministack on loopback, with four changes.

It runs in an environment of its own (requirements.txt beside this file), because ministack pins
another version of the SDK than the project. So it imports nothing from the project.

- ministack mistakes ImportRestApi for CreateRestApi, without routes, and lacks PutRestApi:
  https://docs.aws.amazon.com/apigateway/latest/api/API_ImportRestApi.html
  https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html
- It refuses an alarm on several metrics in a stack. Here such an alarm watches only the first.
- Whatever mail server a stage names, its functions mail to the one on SMTP_PORT, without a login.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any


def _definition(api: Any, method: str, path: str, body: bytes, query: Mapping[str, Any]) -> Any:
    """The answer to an import or an overwriting put; None for any other request."""
    match method, path.strip("/").split("/"):
        case "POST", ["restapis"] if "import" in str(query.get("mode")):
            definition = json.loads(body)
            api_id = api._import_rest_api(definition, _settings(definition))
        case "PUT", ["restapis", api_id] if api_id in api._rest_apis:
            definition = json.loads(body)
            resources = api._resources[api_id]
            for name in [name for name, each in resources.items() if each.get("parentId")]:
                del resources[name]
            for route, item in definition["paths"].items():
                api._import_path_item(api_id, route, item)
            api._rest_apis[api_id].update(_settings(definition))
        case _:
            return None
    return api._get_rest_api(api_id)


def _settings(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": definition["info"]["title"],
        "binaryMediaTypes": definition.get("x-amazon-apigateway-binary-media-types", []),
    }


def _on_one_metric(alarm: Mapping[str, Any]) -> Mapping[str, Any]:
    for query in alarm.get("Metrics", ()):
        if "MetricStat" in query:
            stat = query["MetricStat"]
            only = {"Statistic": stat["Stat"], "Period": stat["Period"], "Metrics": None}
            return {**alarm, **stat["Metric"], **only}
    return alarm


def _mailing_to(smtp_port: str, config: dict[str, Any]) -> dict[str, Any]:
    """A function's configuration, with the emulator's mail server in place of the stage's."""
    variables = dict(config.get("Environment", {}).get("Variables", {}))
    variables |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": smtp_port, "SMTP_SECURITY": "none"}
    variables.pop("SMTP_USERNAME", None)
    return {**config, "Environment": {"Variables": variables}}


def _patch(smtp_port: str) -> None:
    from ministack.core.lambda_runtime import Worker
    from ministack.services import apigateway_v1
    from ministack.services.cloudformation import provisioners

    record = provisioners._cw_metric_alarm_record
    provisioners._cw_metric_alarm_record = lambda name, props: record(name, _on_one_metric(props))
    answered = apigateway_v1.handle_request

    async def handle_request(
        method: str, path: str, headers: Any, body: bytes, query_params: Any
    ) -> Any:
        answer = _definition(apigateway_v1, method, path, body, query_params)
        if answer is None:
            return await answered(method, path, headers, body, query_params)
        return answer

    apigateway_v1.handle_request = handle_request
    init = Worker.__init__

    def initialize(worker: Any, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        init(worker, func_name, _mailing_to(smtp_port, config), code_zip)

    Worker.__init__ = initialize


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    os.environ |= {"GATEWAY_PORT": sys.argv[1], "BIND_HOST": "127.0.0.1", "LAMBDA_STRICT": "0"}
    smtp_port = sys.argv[2]
    sys.argv[1:] = []
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    from ministack.app import main

    _patch(smtp_port)
    main()
