-- Layers for GIS programs that read the database itself (PostGIS). Migration 0010 runs this where PostGIS is; it may be
-- run again at any time: psql -f gis.sql. Chart coordinates are metres in the surface's own frame (SRID 0); `place` is
-- longitude, latitude (WGS 84) and the placement's height, on planes with a projected placement that PostGIS knows.
-- A migration that changes a column which is named here drops the views first, and runs this after it.

CREATE SCHEMA IF NOT EXISTS gis;

CREATE OR REPLACE VIEW gis.planes AS
SELECT
    surfaces.surface_id, known.srid,
    (placement #>> '{origin_m,0}')::float AS east_m, (placement #>> '{origin_m,1}')::float AS north_m,
    (placement #>> '{origin_m,2}')::float AS up_m,
    (placement #>> '{u_axis,0}')::float AS u_east, (placement #>> '{u_axis,1}')::float AS u_north,
    (placement #>> '{u_axis,2}')::float AS u_up,
    (placement #>> '{v_axis,0}')::float AS v_east, (placement #>> '{v_axis,1}')::float AS v_north,
    (placement #>> '{v_axis,2}')::float AS v_up
FROM surfaces
CROSS JOIN LATERAL (
    SELECT content -> 'placement' AS placement FROM revisions
    WHERE kind = 'surface description' AND resource_id = surfaces.surface_id
    ORDER BY version DESC LIMIT 1
) AS latest
JOIN spatial_ref_sys AS known ON 'EPSG:' || known.srid = placement ->> 'crs'
WHERE surfaces.radius_m IS NULL AND placement ->> 'frame' = 'projected';

CREATE OR REPLACE VIEW gis.detections AS
SELECT
    concat_ws('.', shown.pair_seq, shown.frame_seq, shown.tile) AS id,
    structures.name AS structure, surfaces.name AS surface, inspections.name AS inspection,
    frames.frame_id, frames.label, frames.captured_utc, shown.tile,
    analyses.model, shown.probability, analyses.threshold, shown.u_m, shown.v_m, shown.chart,
    ST_Transform(ST_SetSRID(ST_Affine(
        ST_Force3D(shown.chart), u_east, v_east, 0, u_north, v_north, 0, u_up, v_up, 0, east_m, north_m, up_m
    ), planes.srid), 4326)::geometry(PointZ, 4326) AS place
FROM (
    SELECT
        pair_seq, frame_seq, tile, u_m, v_m, 1 / (1 + exp((128 - score) / 10.0::float)) AS probability,
        ST_MakePoint(u_m, v_m)::geometry(Point) AS chart
    FROM detections WHERE u_m IS NOT NULL
) AS shown
JOIN pairs ON pairs.seq = shown.pair_seq AND pairs.current
JOIN analyses ON analyses.analysis_id = pairs.analysis_id AND shown.probability >= analyses.threshold
JOIN frames ON frames.seq = shown.frame_seq
JOIN scans ON scans.scan_id = frames.scan_id
JOIN surfaces ON surfaces.surface_id = scans.surface_id
JOIN structures ON structures.structure_id = surfaces.structure_id
JOIN inspections ON inspections.inspection_id = scans.inspection_id
LEFT JOIN gis.planes AS planes ON planes.surface_id = surfaces.surface_id;

CREATE OR REPLACE VIEW gis.frames AS
SELECT
    concat_ws('.', pairs.seq, frames.seq) AS id,
    structures.name AS structure, surfaces.name AS surface, inspections.name AS inspection,
    frames.frame_id, frames.label, frames.captured_utc, frames.image_sha256, outlined.mm_per_px, outlined.chart,
    ST_Transform(ST_SetSRID(ST_Affine(
        ST_Force3D(outlined.chart), u_east, v_east, 0, u_north, v_north, 0, u_up, v_up, 0, east_m, north_m, up_m
    ), planes.srid), 4326)::geometry(PolygonZ, 4326) AS place
FROM (
    SELECT
        frame_seq, pose_solution_id, mm_per_px,
        ST_SetSRID(ST_GeomFromGeoJSON(jsonb_build_object(
            'type', 'Polygon',
            'coordinates', jsonb_build_array(footprint_m::jsonb || jsonb_build_array(footprint_m::jsonb -> 0))
        )), 0)::geometry(Polygon) AS chart
    FROM placements WHERE kind = 'placed'
) AS outlined
JOIN pairs ON pairs.pose_solution_id = outlined.pose_solution_id AND pairs.current
JOIN frames ON frames.seq = outlined.frame_seq
JOIN scans ON scans.scan_id = frames.scan_id
JOIN surfaces ON surfaces.surface_id = scans.surface_id
JOIN structures ON structures.structure_id = surfaces.structure_id
JOIN inspections ON inspections.inspection_id = scans.inspection_id
LEFT JOIN gis.planes AS planes ON planes.surface_id = surfaces.surface_id;
