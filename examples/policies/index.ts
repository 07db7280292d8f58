import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

new PolicyPack("scp-images", { enforcementLevel: "mandatory", policies });
